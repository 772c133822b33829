"""An idle server unloads its model, and loads it again for the next request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.fakes import eventually
from tests.support.integration.client import words
from tests.support.integration.servers import EMBEDDED_PIPER, EMBEDDED_WHISPER, Server, running
from tests.support.speech import say
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli import client

SAID = "Turn on the kitchen lights."


def resting(server: Server) -> bool:
    status, body = server.get("/ready")
    assert status == 200
    return bool(json.loads(body)["state"] == "unloaded")


async def loaded_mb(server: Server, mode: str) -> float:
    """Measure the memory of a server whose model is loaded."""
    while True:
        measured = resident_mb(server)
        if not resting(server):
            return measured
        # On a busy machine, it may have rested before it was measured.
        await work(server, mode)


async def work(server: Server, mode: str) -> None:
    """Let the server answer a request."""
    if mode == "asr":
        recording = client.AudioClip(16000, 2, 1, to_pcm16(say(SAID)))
        heard = await client.transcribe(server.uri, recording, language="en")
        assert words(heard.text) == words(SAID)
    else:
        assert len((await client.synthesize(server.uri, SAID)).pcm) > 20_000


def resident_mb(server: Server) -> float:
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


@pytest.mark.parametrize(("mode", "model"), [("asr", EMBEDDED_WHISPER), ("tts", EMBEDDED_PIPER)])
async def test_rests_and_works_again(tmp_path: Path, mode: str, model: str) -> None:
    settings = {f"{mode.upper()}_MODEL": model, "IDLE_UNLOAD_SECONDS": "1", "LOG_LEVEL": "INFO"}
    with running(mode, tmp_path, settings) as server:
        loaded = await loaded_mb(server, mode)
        for _ in range(2):
            await eventually(lambda: resting(server))
            await eventually(lambda: resident_mb(server) < 0.8 * loaded)
            await work(server, mode)
        assert "is unloaded; the next request loads it again" in server.log
