"""With which status a server ends."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable

import pytest

from tests.support.fakes import WAIT_SECONDS
from tests.support.peers import EchoService
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.engine import call_watch
from wyoming_voice_stack.engine.call_watch import end_process, given_up
from wyoming_voice_stack.engine.status import ServiceStatus
from wyoming_voice_stack.errors import EXIT_STUCK
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.server import app
from wyoming_voice_stack.server.app import AssembledServer, serve


class Service:
    """Stops the server as soon as it is started."""

    def __init__(self, end: Callable[[], None], *, stops: bool) -> None:
        self._end = end
        self._stops = stops

    def status(self) -> ServiceStatus:
        return ServiceStatus(mode="asr", model="fake", device="cpu", state="ready")

    async def start(self) -> None:
        asyncio.get_running_loop().call_soon(self._end)

    async def stop(self, timeout_s: float) -> bool:
        return self._stops and timeout_s > 0


def terminate() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize(
    ("end", "stops", "status"),
    [
        (terminate, True, None),
        (terminate, False, 0),
        (end_process, False, EXIT_STUCK),
        # The last call returned in time, and the server is to be started again all the same.
        (end_process, True, EXIT_STUCK),
    ],
)
async def test_exit_status(
    monkeypatch: pytest.MonkeyPatch, end: Callable[[], None], stops: bool, status: int | None
) -> None:
    monkeypatch.setattr(call_watch, "_given_up", threading.Event())
    settings = Settings(service_mode="asr", host="127.0.0.1", asr_port=0, zeroconf=False)

    def assemble(_: Settings, __: Metrics) -> AssembledServer:
        return AssembledServer(Service(end, stops=stops), EchoService())

    assert await serve(settings, assemble) == status
    assert given_up() is (status == EXIT_STUCK)


async def test_a_thread_that_does_not_return_is_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app, "THREADS_STOP_SECONDS", 0.01)
    settings = Settings(service_mode="asr", host="127.0.0.1", asr_port=0, zeroconf=False)
    returns, called = threading.Event(), threading.Event()

    def block() -> None:
        called.set()
        returns.wait()

    def look_up_and_end() -> None:
        asyncio.get_running_loop().run_in_executor(None, block)
        terminate()

    def assemble(_: Settings, __: Metrics) -> AssembledServer:
        return AssembledServer(Service(look_up_and_end, stops=True), EchoService())

    try:
        assert await serve(settings, assemble) == 0
        assert called.is_set()
        # What is left behind does not delay the end of the event loop.
        async with asyncio.timeout(WAIT_SECONDS):
            await asyncio.get_running_loop().shutdown_default_executor()
    finally:
        returns.set()
