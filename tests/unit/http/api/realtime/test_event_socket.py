"""A WebSocket with the real protocol, without sessions."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer

from tests.support.fakes import WAIT_SECONDS
from wyoming_voice_stack.http.api.realtime import event_socket
from wyoming_voice_stack.http.api.realtime.event_socket import EventSocket
from wyoming_voice_stack.http.deadlines import Deadlines

PINGS = 100


@pytest.mark.parametrize("closing", [False, True], ids=["open", "closing"])
async def test_each_frame_is_paid(monkeypatch: pytest.MonkeyPatch, closing: bool) -> None:
    monkeypatch.setattr(event_socket, "CLOSE_SECONDS", WAIT_SECONDS)
    paid: list[int] = []
    done = asyncio.Event()

    async def pay(size: int) -> None:
        paid.append(size)

    async def serve(request: web.Request) -> web.StreamResponse:
        socket = EventSocket(Deadlines(), pay)
        response = await socket.open(request)
        try:
            if closing:
                await socket.close(WSCloseCode.OK, "This is the end.")
            else:
                assert await socket.receive() is None
        finally:
            socket.end()
        done.set()
        return response

    app = web.Application()
    app.router.add_get("/", serve)
    async with (
        TestClient(TestServer(app)) as client,
        client.ws_connect("/", autoping=False) as socket,
    ):
        for _ in range(PINGS):
            await socket.ping(b"123")
        if closing:
            assert (await socket.receive()).type is WSMsgType.CLOSE
        else:
            await socket.close()
        async with asyncio.timeout(WAIT_SECONDS):
            await done.wait()
    assert paid == [3] * PINGS
