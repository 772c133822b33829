"""A WebSocket client that sends frames as it likes, and an endpoint that a test reads from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from tests.support.fakes import WAIT_SECONDS
from tests.support.http_api import Api, serving_api
from tests.support.peers import Peer, peer
from wyoming_voice_stack.http.api.realtime.event_socket import EventSocket
from wyoming_voice_stack.http.application import SOCKET_PLACE_KEY
from wyoming_voice_stack.http.deadlines import deadlines_of
from wyoming_voice_stack.protocol.connection.inbox import InboxPool

HANDSHAKE = (
    b"GET /v1/socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
FIRST_FRAGMENT = b"\x01\x80\0\0\0\0"
EMPTY_FRAGMENT = b"\x00\x80\0\0\0\0"
LAST_FRAGMENT = b'\x80\x8e\0\0\0\0{"type": "ab"}'
"""The end of a text message; with empty fragments before it, an event of the type `ab`."""


class Endpoint:
    """A WebSocket that the test may read from, and that notes when it has ended."""

    def __init__(self, pool: InboxPool | None = None) -> None:
        self._pool = pool
        self.socket: EventSocket | None = None
        self.opened = asyncio.Event()
        self.read = asyncio.Event()
        self.ended = asyncio.Event()
        self.types: list[str] = []

    async def serve(self, request: web.Request) -> web.StreamResponse:
        async def pay(_: int) -> None:
            return

        self.socket = EventSocket(deadlines_of(request), pay, self._pool)
        response = await self.socket.open(request)
        request[SOCKET_PLACE_KEY].watch(self.socket)
        self.opened.set()
        try:
            await self.read.wait()
            while (event := await self.socket.receive()) is not None:
                self.types.append(event.type)
        finally:
            self.socket.end()
            self.ended.set()
        return response

    @property
    def transport(self) -> asyncio.Transport:
        assert self.socket is not None
        assert self.socket._request is not None
        transport = self.socket._request.transport
        assert transport is not None
        return transport

    @property
    def received_bytes(self) -> int:
        assert self.socket is not None
        return self.socket.received_bytes

    @asynccontextmanager
    async def serving(self, **options: object) -> AsyncIterator[Api]:
        """Serve it on a port."""
        socket = web.get("/v1/socket", self.serve, allow_head=False)
        async with serving_api([], sockets=[socket], **options) as api:  # type: ignore[arg-type]
            yield api

    @asynccontextmanager
    async def client(self, api: Api) -> AsyncIterator[Peer]:
        """A client whose handshake is complete."""
        async with peer(api.port) as client:
            await client.send_raw(HANDSHAKE)
            await client.reader.readuntil(b"\r\n\r\n")
            await asyncio.wait_for(self.opened.wait(), WAIT_SECONDS)
            yield client
