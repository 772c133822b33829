"""Clients that end their side of an HTTP connection when they have sent all."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from tests.support.fakes import WAIT_SECONDS
from tests.support.peers import EchoService, Peer, listening, peer
from wyoming_voice_stack.http import application


async def answer(client: Peer, sent: bytes) -> bytes:
    """Send, end the sending side, and return everything that comes back."""
    client.writer.write(sent)
    client.writer.write_eof()
    return await asyncio.wait_for(client.reader.read(), WAIT_SECONDS)


@pytest.mark.parametrize("count", [1, 3])
async def test_what_was_sent_before_is_answered(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "HALF_CLOSE_SECONDS", WAIT_SECONDS)
    asked = b"GET /health HTTP/1.1\r\nHost: localhost\r\n"
    sent = (count - 1) * (asked + b"\r\n") + asked + b"Connection: close\r\n\r\n"
    async with listening(EchoService()) as listener, peer(listener.port) as client:
        assert (await answer(client, sent)).count(b"HTTP/1.1 200 OK") == count


async def test_the_connection_ends_although_the_client_may_keep_it() -> None:
    sent = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    async with listening(EchoService()) as listener, peer(listener.port) as client:
        await answer(client, sent)


@pytest.mark.parametrize("pause", [0, 1, 2, 3])
async def test_the_end_may_come_at_any_time(pause: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "HALF_CLOSE_SECONDS", WAIT_SECONDS)
    ended = asyncio.Event()
    connection = application._HttpConnection
    at_end = connection.eof_received

    def note_end(self: application._HttpConnection) -> bool:
        ended.set()
        return at_end(self)

    monkeypatch.setattr(connection, "eof_received", note_end)

    async def answer_then(request: web.Request) -> web.StreamResponse:
        await ended.wait()
        response = web.Response(text=request.path)
        response.force_close()
        return response

    routes = {"/v1": lambda: [web.get("/v1/late", answer_then)]}
    async with (
        listening(EchoService(), late_routes=lambda _: routes) as listener,
        peer(listener.port) as client,
    ):
        client.writer.write(b"GET /v1/late HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for _ in range(pause):
            await asyncio.sleep(0)
        client.writer.write_eof()
        got = await asyncio.wait_for(client.reader.read(), WAIT_SECONDS)
    assert got.endswith(b"/v1/late")


async def test_work_for_a_client_that_may_have_left_ends() -> None:
    cancelled = asyncio.Event()

    async def never(_: web.Request) -> web.StreamResponse:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    routes = {"/v1": lambda: [web.get("/v1/never", never)]}
    async with (
        listening(EchoService(), late_routes=lambda _: routes) as listener,
        peer(listener.port) as client,
    ):
        sent = b"GET /v1/never HTTP/1.1\r\nHost: localhost\r\n\r\n"
        assert await answer(client, sent) == b""
        await asyncio.wait_for(cancelled.wait(), WAIT_SECONDS)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /health HTTP/1.1\r\nHost: lo",
        b"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nab",
    ],
)
async def test_half_a_request_ends(sent: bytes) -> None:
    async with listening(EchoService()) as listener, peer(listener.port) as client:
        assert b" 200 " not in await answer(client, sent)
