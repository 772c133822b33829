"""What `/health` and `/ready` answer in each state of a service."""

from __future__ import annotations

from typing import get_args

import aiohttp
import pytest
from aiohttp import web

from wyoming_voice_stack import __version__
from wyoming_voice_stack.engine.status import EngineState, ServiceStatus
from wyoming_voice_stack.http.health import make_runner
from wyoming_voice_stack.metrics import Metrics

ANSWERS = {
    "idle": (200, 503),
    "loading": (200, 503),
    "ready": (200, 200),
    "unloaded": (200, 200),
    "failed": (503, 503),
}
"""HTTP status of `/health` and of `/ready`."""


class Service:
    def __init__(self, state: EngineState) -> None:
        self._state = state

    def status(self) -> ServiceStatus:
        detail = "no such model" if self._state == "failed" else ""
        return ServiceStatus("asr", "base", "cpu", self._state, detail)


@pytest.mark.parametrize("state", get_args(EngineState))
async def test_status_in_each_state(state: EngineState) -> None:
    runner = make_runner(Service(state), Metrics())
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession() as session:
            for path, expected in zip(("health", "ready"), ANSWERS[state], strict=True):
                async with session.get(f"{url}/{path}") as answer:
                    assert answer.status == expected
                    assert await answer.json() == {
                        "status": "ok" if expected == 200 else "unavailable",
                        "mode": "asr",
                        "model": "base",
                        "device": "cpu",
                        "state": state,
                        "detail": "no such model" if state == "failed" else "",
                        "version": __version__,
                    }
    finally:
        await runner.cleanup()
