"""One WebSocket: JSON events in both directions, within bounds."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from aiohttp import WSCloseCode, WSMsgType, hdrs, web

from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.http.api.api_errors import InvalidField, describe
from wyoming_voice_stack.http.api.realtime.client_events import ClientEvent, parse_event
from wyoming_voice_stack.http.api.realtime.frame_intake import (
    BUSY_REASON,
    LATE_REASON,
    FrameIntake,
    PaidMessages,
)
from wyoming_voice_stack.http.deadlines import Deadlines, deadlines_of
from wyoming_voice_stack.http.pacing import pace_of
from wyoming_voice_stack.protocol.connection.inbox import InboxPool

if TYPE_CHECKING:
    from aiohttp._websocket.reader import WebSocketDataQueue

MAX_EVENT_BYTES = 1024 * 1024
"""Longest event of a client: sixteen seconds of audio."""
WRITE_BUFFER_BYTES = 32 * 1024
"""What the server keeps of events that a client does not read; the system keeps as much again."""
IDLE_SECONDS = 600.0
"""Longest time without an event of the client; clients keep a socket this long for the next use."""
CLOSE_SECONDS = 2.0
"""How long the client may take to answer the end of the session."""
SUBPROTOCOL = "realtime"
UNASKED_PONG = b"\x8a\x00"
"""A frame without a meaning, which no client answers."""
_REASONS: dict[int, str] = {
    WSCloseCode.MESSAGE_TOO_BIG: f"Events may have {MAX_EVENT_BYTES // 1024} KiB; send audio in parts.",
    WSCloseCode.TRY_AGAIN_LATER: BUSY_REASON,
    WSCloseCode.POLICY_VIOLATION: LATE_REASON,
}
"""Why aiohttp closes a socket by itself."""
_PAID = frozenset({WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG})

Pay: TypeAlias = Callable[[int], Awaitable[None]]
"""Waits if a client sends more than it may; takes the size of a frame in bytes."""
ID_BYTES = 10


def new_id(prefix: str) -> str:
    """Return an id that no other object of any session has."""
    return f"{prefix}_{secrets.token_hex(ID_BYTES)}"


def require_subprotocol(request: web.Request) -> None:
    """Accept a handshake that offers no subprotocols, or the one that this server speaks.

    Without a common one, aiohttp would log all that are offered, and one of them may be the key.

    Raises:
        InvalidField: it offers only others.
    """
    offered = request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL)
    if offered is not None and SUBPROTOCOL not in map(str.strip, offered.split(",")):
        raise InvalidField(f"Offer the WebSocket subprotocol {SUBPROTOCOL!r}, or none.")


class _TextSocket(web.WebSocketResponse):
    """A WebSocket that says why it refuses an event."""

    def read_at_pace(self, request: web.Request, pool: InboxPool, pay: Pay) -> FrameIntake:
        """Pay for each frame, also while the socket closes: aiohttp then reads all frames in one turn."""
        # aiohttp has no public place for it.
        queue, read_s = self._reader, deadlines_of(request).read_s
        intake = FrameIntake(request, queue, pool, read_s=read_s)
        self._reader = cast("WebSocketDataQueue", PaidMessages(queue, pay, intake.note_taken))
        intake.start(pace_of(request))
        return intake

    def release(self) -> None:
        """Drop the references in circles, which would stay until garbage is collected."""
        self._exception = None
        self._parser = None
        transport = self._req.transport if self._req is not None else None
        # aiohttp closes one that is still open.
        if transport is None or transport.is_closing():
            self._req = None

    async def close(
        self, *, code: int = WSCloseCode.OK, message: bytes = b"", drain: bool = True
    ) -> bool:
        """Close the socket; the client may read `message` as the reason."""
        message = message or _REASONS.get(code, "").encode()
        return await super().close(code=code, message=message, drain=drain)


class EventSocket:
    """Sends and receives events. Several tasks may send; one receives."""

    def __init__(self, deadlines: Deadlines, pay: Pay, pool: InboxPool | None = None) -> None:
        """`pay` bounds what the client sends; `pool` is what incomplete events of all clients may occupy."""
        self._deadlines = deadlines
        self._pay = pay
        self._pool = pool or InboxPool()
        self._request: web.Request | None = None
        self._intake: FrameIntake | None = None
        self._socket = _TextSocket(
            protocols=(SUBPROTOCOL,),
            compress=False,
            max_msg_size=MAX_EVENT_BYTES,
            timeout=CLOSE_SECONDS,
            # aiohttp would answer any number of pings in one turn of the event loop.
            autoping=False,
            # Each event waits until the client has read most of those before it.
            writer_limit=0,
        )

    async def open(self, request: web.Request) -> web.StreamResponse:
        """Complete the handshake, and return the response of the request."""
        if request.transport is not None:
            request.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._request = request
        await self._socket.prepare(request)
        self._intake = self._socket.read_at_pace(request, self._pool, self._pay)
        return self._socket

    def end(self) -> None:
        """Discard what the client sends, and free what it has sent: its request is answered."""
        if self._intake is not None:
            self._intake.close()
        self._socket.release()
        self._request = None

    @property
    def received_bytes(self) -> int:
        """What the client has sent."""
        return self._intake.received_bytes if self._intake is not None else 0

    def probe(self) -> None:
        """Send a frame without a meaning to a client that sends more than is read; see decision 0059."""
        transport = self._request.transport if self._request is not None else None
        if transport is None or self._socket.closed or transport.is_reading():
            return
        if not transport.get_write_buffer_size():
            transport.write(UNASKED_PONG)

    def abandon(self) -> None:
        """End now: the client has left."""
        self.abort()

    async def send(self, kind: str, **fields: Any) -> None:
        """Send an event; waits while the client does not read.

        Raises:
            ConnectionError: the client has left, or did not read in time.
        """
        event = {"type": kind, "event_id": new_id("event"), **fields}
        await self._in_time(self._socket.send_str(json.dumps(event)))

    async def _in_time(self, sending: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(self._deadlines.write_s):
                await sending
        except TimeoutError:
            self.abort()
            raise ConnectionAbortedError(
                "The client did not read the events in time (WRITE_TIMEOUT_SECONDS)."
            ) from None

    async def send_error(self, error: VoiceStackError, event_id: str | None = None) -> None:
        """Send an `error` event; `event_id` is that of the client's event."""
        await self.send("error", error={**describe(error), "event_id": event_id})

    async def receive(self) -> ClientEvent | None:
        """Return the next event; None when the session ends.

        Raises:
            InvalidField: the client sent something else; the next event may follow.
            ConnectionError: the client reads no answers to its pings.
        """
        while True:
            try:
                message = await self._socket.receive(timeout=IDLE_SECONDS)
            except TimeoutError:
                await self.close(WSCloseCode.GOING_AWAY, "No event arrived for a long time.")
                return None
            if message.type not in _PAID:
                return None
            if message.type is WSMsgType.TEXT:
                return parse_event(message.data)
            if message.type is WSMsgType.BINARY:
                raise InvalidField("Send events as text frames, with audio in base64.")
            if message.type is WSMsgType.PING:
                await self._in_time(self._socket.pong(message.data))

    async def close(self, code: int, reason: str) -> None:
        """End the session; `reason` is for the client's log."""
        try:
            await self._socket.close(code=code, message=reason.encode())
        except ConnectionError:
            self.abort()

    def abort(self) -> None:
        """Cut the connection."""
        if self._request is not None and self._request.transport is not None:
            self._request.transport.abort()
