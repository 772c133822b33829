"""Both servers as add-ons: with a Supervisor and options in a file."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.fake_servers.fake_supervisor import TOKEN, FakeSupervisor, supervisor
from tests.support.fakes import eventually
from tests.support.integration.client import describes
from tests.support.integration.servers import EMBEDDED_PIPER, EMBEDDED_WHISPER, Server, running

MODELS = {"asr": EMBEDDED_WHISPER, "tts": EMBEDDED_PIPER}


def add_on_settings(folder: Path, fake: FakeSupervisor, options: dict[str, Any]) -> dict[str, str]:
    """The environment of an add-on whose options are in a file."""
    file = folder / "options.json"
    file.write_text(json.dumps(options))
    return {
        "OPTIONS_FILE": str(file),
        "SUPERVISOR_TOKEN": TOKEN,
        "SUPERVISOR_URL": fake.url,
    }


@asynccontextmanager
async def addon(
    mode: str, folder: Path, fake: FakeSupervisor, **options: Any
) -> AsyncIterator[Server]:
    options = {f"{mode}_model": MODELS[mode], "log_level": "info", **options}
    settings = add_on_settings(folder, fake, options) | {"ZEROCONF": "true"}
    with ExitStack() as stack:
        # The fake Supervisor needs this event loop while the server starts.
        yield await asyncio.to_thread(stack.enter_context, running(mode, folder, settings))
        await asyncio.to_thread(stack.close)


@pytest.mark.parametrize("mode", ["asr", "tts"])
async def test_the_server_is_registered_once(tmp_path: Path, mode: str) -> None:
    async with supervisor() as fake:
        async with addon(mode, tmp_path, fake, idle_unload_seconds=3600) as server:
            await eventually(lambda: bool(fake.messages))
            uri = f"tcp://{socket.gethostname()}:{server.port}"
            assert list(fake.messages.values()) == [{"service": "wyoming", "config": {"uri": uri}}]
            assert await describes(server.port)
            assert await asyncio.to_thread(server.stop) == 0
        # No announcement by zeroconf, no withdrawn message, no token in the log.
        assert "Announced as" not in server.log
        assert fake.of("DELETE") == []
        assert fake.of("POST") == ["/discovery"]
        assert TOKEN not in server.log
        assert "Registered tcp://" in server.log


async def test_a_voice_in_the_language_of_home_assistant(tmp_path: Path) -> None:
    def prepare(fake: FakeSupervisor) -> None:
        fake.language = "de"

    async with supervisor(prepare) as fake:
        options = {"tts_model": "auto", "tts_languages": []}
        settings = add_on_settings(tmp_path, fake, options) | {"HF_HUB_OFFLINE": "1"}
        with ExitStack() as stack:
            server = await asyncio.to_thread(
                stack.enter_context, running("tts", tmp_path, settings, wait_for="/metrics")
            )
            assert "TTS_MODEL=auto: de_DE-thorsten-medium, for de" in server.log
            assert await describes(server.port)
            await asyncio.to_thread(stack.close)
        # It cannot be downloaded here, so the server is not ready and not registered.
        assert fake.of("POST") == []
