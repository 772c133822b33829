"""What `/health` and `/ready` answer in each state of a service."""

from __future__ import annotations

from typing import get_args

import aiohttp
import pytest
from aiohttp import web

from wyoming_voice_stack import __version__
from wyoming_voice_stack.engine.status import EngineState, ServiceStatus
from wyoming_voice_stack.http.application import make_runner
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
        return ServiceStatus("tts", "base", "cpu", self._state, detail, "anna", "auto")


class Changing:
    device = ""

    def status(self) -> ServiceStatus:
        return ServiceStatus("asr", "base", self.device, "ready", language="de")


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
                        "mode": "tts",
                        "model": "base",
                        "device": "cpu",
                        "state": state,
                        "detail": "no such model" if state == "failed" else "",
                        "voice": "anna",
                        "language": "auto",
                        "version": __version__,
                    }
    finally:
        await runner.cleanup()


async def test_metrics_name_what_is_served_now() -> None:
    service = Changing()
    runner = make_runner(service, Metrics())
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/metrics"
        async with aiohttp.ClientSession() as session:
            for device in ("", "cuda:0"):
                service.device = device
                async with session.get(url) as answer:
                    shown = await answer.text()
                [info] = [
                    line for line in shown.splitlines() if line.startswith("voice_stack_info{")
                ]
                labels = {"version": __version__, "mode": "asr", "model": "base", "language": "de"}
                expected = labels | ({"device": device} if device else {})
                assert sorted(info.removesuffix("} 1.0").partition("{")[2].split(",")) == sorted(
                    f'{name}="{value}"' for name, value in expected.items()
                )
    finally:
        await runner.cleanup()
