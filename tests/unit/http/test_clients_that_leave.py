"""A client that leaves while it is answered is no error of the server."""

from __future__ import annotations

import logging

import aiohttp
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from wyoming_voice_stack.engine.status import ServiceStatus
from wyoming_voice_stack.http.application import make_runner
from wyoming_voice_stack.metrics import Metrics


async def answer_and_lose(request: web.Request) -> web.StreamResponse:
    """Send something, lose the client, and send more."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"first")
    assert request.transport is not None
    request.transport.abort()
    await response.write(b"second")
    raise AssertionError("A closed connection was written to.")


async def fail(_: web.Request) -> web.StreamResponse:
    raise ConnectionResetError("another server")


class ReadyService:
    """Nothing but a state."""

    def status(self) -> ServiceStatus:
        return ServiceStatus("asr", "base", "cpu", "ready")


async def ask(handler: Handler) -> None:
    def routes() -> list[web.RouteDef]:
        return [web.get("/v1/anything", handler)]

    runner = make_runner(ReadyService(), Metrics(), late_routes={"/v1": routes})
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/anything"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            await answer.read()
    finally:
        await runner.cleanup()


async def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), pytest.raises(aiohttp.ClientPayloadError):
        await ask(answer_and_lose)
    assert not [record for record in caplog.records if record.name.startswith("aiohttp")]


async def test_a_lost_connection_to_another_server_is(caplog: pytest.LogCaptureFixture) -> None:
    await ask(fail)
    assert "another server" in caplog.text
