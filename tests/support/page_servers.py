"""The HTTP side of a server with its page, as the composition root builds it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from tests.support import asr_client
from tests.support.fakes import FakeRecognizer, FakeSynthesizer
from tests.support.page_client import CountedPlaces
from tests.support.tts_client import serving
from wyoming_voice_stack.asr.service import NameSource
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.http.application import make_runner
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.server.assembly.http import HttpSide

ALONE: dict[str, Any] = {"zeroconf": False, "asr_port": 0, "tts_port": 0}
"""Settings with which no other server is looked for."""


@asynccontextmanager
async def tts_server(
    tmp_path: Path, places: CountedPlaces, **settings: Any
) -> AsyncIterator[aiohttp.ClientSession]:
    metrics = Metrics()
    given: dict[str, Any] = {
        "service_mode": "tts",
        "models_dir": tmp_path / "models",
        "tts_model": "fake",
        **ALONE,
    }
    async with serving(FakeSynthesizer(), tmp_path / "voices") as service:
        side = HttpSide(
            Settings(**(given | settings)),
            metrics,
            service,
            ModelStore(tmp_path / "models"),
            tts=service,
        )
        runner = make_runner(service, metrics, late_routes=side.late_routes(places), is_addon=True)
        async with _client_of(runner) as session:
            yield session


@asynccontextmanager
async def asr_server(
    tmp_path: Path, names: NameSource | None, **settings: Any
) -> AsyncIterator[aiohttp.ClientSession]:
    metrics, store = Metrics(), ModelStore(tmp_path / "models")
    given = {"service_mode": "asr", "models_dir": store.root, "web_ui": "full", **ALONE}
    async with asr_client.serving(FakeRecognizer(), name_source=names) as service:
        side = HttpSide(Settings(**(given | settings)), metrics, service, store, asr=service)
        runner = make_runner(service, metrics, late_routes=side.late_routes(CountedPlaces()))
        async with _client_of(runner) as session:
            yield session


@asynccontextmanager
async def _client_of(runner: web.AppRunner) -> AsyncIterator[aiohttp.ClientSession]:
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession(url) as session:
            yield session
    finally:
        await runner.cleanup()
