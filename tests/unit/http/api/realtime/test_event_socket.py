"""A WebSocket with the real protocol, without sessions."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import WSCloseCode, WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer

from tests.support.fakes import WAIT_SECONDS
from wyoming_voice_stack.http.api.realtime import event_socket
from wyoming_voice_stack.http.api.realtime.client_events import ClientEvent
from wyoming_voice_stack.http.api.realtime.event_socket import EventSocket
from wyoming_voice_stack.http.deadlines import Deadlines

PINGS = 100


async def at_once(size: int) -> None:
    """What a client pays that may send as much as it wants."""
    del size


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


async def test_a_client_that_does_not_read_the_answers_to_its_pings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    ended: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()

    async def serve(request: web.Request) -> web.StreamResponse:
        socket = EventSocket(Deadlines(write_s=0.01), at_once)
        response = await socket.open(request)
        monkeypatch.setattr(socket._socket, "pong", never)
        try:
            await socket.receive()
        except ConnectionAbortedError as error:
            ended.set_result(error)
        finally:
            socket.end()
        return response

    app = web.Application()
    app.router.add_get("/", serve)
    async with TestClient(TestServer(app)) as client, client.ws_connect("/") as socket:
        await socket.ping(b"123")
        assert "WRITE_TIMEOUT_SECONDS" in str(await asyncio.wait_for(ended, WAIT_SECONDS))


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("close", WSCloseCode.OK),
        ("break", WSCloseCode.PROTOCOL_ERROR),
        ("wait", WSCloseCode.GOING_AWAY),
    ],
)
async def test_a_session_that_ends_has_no_further_event(
    monkeypatch: pytest.MonkeyPatch, end: str, code: WSCloseCode
) -> None:
    if end == "wait":
        monkeypatch.setattr(event_socket, "IDLE_SECONDS", 0.01)
    received: asyncio.Future[ClientEvent | None] = asyncio.get_running_loop().create_future()

    async def serve(request: web.Request) -> web.StreamResponse:
        socket = EventSocket(Deadlines(), at_once)
        response = await socket.open(request)
        try:
            received.set_result(await socket.receive())
        except Exception as error:  # noqa: BLE001 - the test raises it
            received.set_exception(error)
        finally:
            socket.end()
        return response

    app = web.Application()
    app.router.add_get("/", serve)
    async with TestClient(TestServer(app)) as client, client.ws_connect("/") as socket:
        if end == "close":
            await socket.close()
        elif end == "break":
            await socket.send_frame(b"", WSMsgType.PONG + 1)  # type: ignore[arg-type]
        await socket.receive()
        assert await asyncio.wait_for(received, WAIT_SECONDS) is None
        assert socket.close_code == code
