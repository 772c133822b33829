"""Bounds what the bytes of a WebSocket cost: work between two turns of the event loop, memory, and time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import Any

from aiohttp import WebSocketError, WSCloseCode, WSMsgType, web

from wyoming_voice_stack.http.pacing import Pace
from wyoming_voice_stack.protocol.connection.inbox import InboxPool

READ_BYTES = 4096
"""Bytes of a WebSocket that are read in one turn: six hundred frames of one byte, or a tenth of a second of audio."""
UNREAD_BYTES = 32 * 1024
"""What complete events may occupy before the session takes them; beyond it, reading stops, and so the client."""
OWN_BYTES = 64 * 1024
"""What every incomplete event may occupy whatever others occupy: a second of audio."""
SHARED_BYTES = 8 * 1024 * 1024
"""What all incomplete events of a server together may occupy beyond their own bytes."""
BUSY_REASON = "Too many large events arrive; send audio in smaller parts, or try again."
LATE_REASON = "An event did not arrive in time (READ_TIMEOUT_SECONDS)."
_EVENTS = frozenset({WSMsgType.TEXT, WSMsgType.BINARY})


class FrameIntake:
    """Passes what a client sends to aiohttp's parser of frames, and reads no more until that is paid.

    Frames are paid one by one when they make a message. Fragments, and frames without an end, make none.
    """

    def __init__(self, request: web.Request, queue: Any, pool: InboxPool, *, read_s: float) -> None:
        """`request` is one whose handshake is complete; `queue` has the messages that aiohttp parsed."""
        self._transport = request.transport
        if self._transport is not None:
            # An attribute of asyncio's transports.
            self._transport.max_size = READ_BYTES  # type: ignore[attr-defined]
        protocol = request.protocol
        self._parser: Any = protocol._payload_parser  # noqa: SLF001 - not public
        protocol._payload_parser = self  # noqa: SLF001 - as above
        self._queue = queue
        self._pool = pool
        self._read_s = read_s
        self.received_bytes = 0
        self._unpaid_bytes = 0
        self._incomplete_bytes = 0
        self._incomplete_since = 0.0
        self._clock = asyncio.get_running_loop().time
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, pace: Pace) -> None:
        """Begin to read on; `pace` is that of a body."""
        self._tasks = [
            asyncio.create_task(self._pay(pace), name="WebSocket bytes"),
            asyncio.create_task(self._watch(), name="WebSocket events"),
        ]

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Parse bytes; returns whether the connection has to end, and what is not parsed."""
        if self._parser is None:
            return True, b""
        self.received_bytes += len(data)
        self._unpaid_bytes += len(data)
        if self._transport is not None:
            self._transport.pause_reading()
        messages = self._queue._buffer  # noqa: SLF001 - as above
        before = len(messages)
        ends: tuple[bool, bytes] = self._parser.feed_data(data)
        # Pings may come between the fragments of an event.
        new = islice(messages, before, None)
        completed = any(message.type in _EVENTS for message, _ in new)
        self._occupy(0 if completed else self._incomplete_bytes + len(data))
        self._arrived.set()
        return (True, b"") if self._parser is None else ends

    def feed_eof(self) -> None:
        """Note that the client sends no more."""
        self._queue.feed_eof()

    def note_taken(self) -> None:
        """Note that the session has taken a message."""
        self._taken.set()

    def close(self) -> None:
        """Discard what else arrives: the socket is closed."""
        for task in self._tasks:
            task.cancel()
        # A cancelled task refers to its frames, and they to it: such circles stay until garbage is collected.
        self._tasks = []
        self._queue._buffer.clear()  # noqa: SLF001 - not public
        # The queue drops its error, which refers to the frames that it was raised in.
        self._queue.feed_eof()
        self._discard()
        self._read_on()

    def _discard(self) -> None:
        """Free the bytes of an incomplete event, and take no more."""
        self._parser = None
        self._occupy(0)

    def _read_on(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()

    def _occupy(self, incomplete_bytes: int) -> None:
        if not self._incomplete_bytes:
            self._incomplete_since = self._clock()
        own, shared = (max(0, n - OWN_BYTES) for n in (self._incomplete_bytes, incomplete_bytes))
        if shared > own and not self._pool.holds(shared - own):
            self._refuse(WSCloseCode.TRY_AGAIN_LATER, BUSY_REASON)
            return
        self._pool.used_bytes += shared - own
        self._incomplete_bytes = incomplete_bytes

    def _refuse(self, code: WSCloseCode, reason: str) -> None:
        self._discard()
        self._queue.set_exception(WebSocketError(code, reason))

    async def _pay(self, pace: Pace) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            unpaid, self._unpaid_bytes = self._unpaid_bytes, 0
            await pace(unpaid)
            while self._queue._size > UNREAD_BYTES:  # noqa: SLF001 - as above
                self._taken.clear()
                await self._taken.wait()
            self._read_on()

    async def _watch(self) -> None:
        """Refuse an event that is incomplete for too long."""
        while True:
            left_s = self._read_s
            if self._incomplete_bytes:
                left_s += self._incomplete_since - self._clock()
                if left_s <= 0:
                    self._refuse(WSCloseCode.POLICY_VIOLATION, LATE_REASON)
                    return
            await asyncio.sleep(left_s)


class PaidMessages:
    """The messages of a client, at the pace that it may send them: aiohttp's queue, but for `read`."""

    def __init__(self, queue: Any, pay: Pace, taken: Callable[[], None]) -> None:
        """`taken` is called after each message."""
        self._queue = queue
        self._pay = pay
        self._taken = taken

    async def read(self) -> Any:
        """Return the next message."""
        message = await self._queue.read()
        self._taken()
        if message.type in _EVENTS or message.type in {WSMsgType.PING, WSMsgType.PONG}:
            await self._pay(len(message.data))
        return message

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)
