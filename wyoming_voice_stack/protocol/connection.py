"""One client's Wyoming connection: deadlines, backpressure, and the one place that reports errors.

Two tasks share a connection. The reader answers `describe`, `ping` and `select-program` at once, so
that no engine delays them, notices when the client disconnects, and puts all other events into a
bounded inbox. The other task takes events from the inbox, one at a time, and writes the session's
replies.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import MutableMapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar

from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, SelectProgram
from wyoming.ping import Ping, Pong

from wyoming_voice_stack.errors import (
    DeadlineExceeded,
    ShuttingDown,
    UnknownProgram,
    VoiceStackError,
    redacted_traceback,
)
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.event_validation import read
from wyoming_voice_stack.protocol.framing import EventParser, FrameLimits, encode
from wyoming_voice_stack.protocol.inbox import Inbox
from wyoming_voice_stack.protocol.session import FrontEnd

_LOGGER = logging.getLogger(__name__)

Raised = TypeVar("Raised", bound=BaseException)

READ_BYTES = 64 * 1024
"""Bytes read from the socket at once."""
WRITE_HIGH_WATER_BYTES = 256 * 1024
"""Unsent bytes above which the session is not asked for more replies."""
CLOSING_SECONDS = 2.0
"""How long a closing connection tries to deliver its last events."""


@dataclass(frozen=True)
class ConnectionLimits:
    """Deadlines in seconds, and the bounds of a frame."""

    frame: FrameLimits = field(default_factory=FrameLimits)
    idle_s: float = 600.0
    """Longest time without data while no event is handled."""
    read_s: float = 30.0
    """Longest time from an event's first byte to its last."""
    write_s: float = 120.0
    """Longest time that a client may leave replies unread."""
    half_close_s: float = 0.5
    """After the client closed its sending side: time for the replies to what it sent before."""


class ConnectionState(IntEnum):
    """How far a connection is on its way to its end; a state only ever changes to a later one."""

    OPEN = 0
    """Takes requests."""
    HALF_CLOSED = 1
    """The client sends no more. Answers what was received, then ends."""
    DRAINING = 2
    """The server shuts down. Completes the open request, refuses a new one, then ends."""
    FAILED = 3
    """An error event was sent; nothing more is answered."""


class _ConnectionLog(logging.LoggerAdapter[logging.Logger]):
    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        return f"[{(self.extra or {}).get('connection')}] {msg}", kwargs


class Connection:
    """Serves one client from its first byte to its last."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        front_end: FrontEnd,
        limits: ConnectionLimits,
        metrics: Metrics,
        name: str,
    ) -> None:
        self._log = _ConnectionLog(_LOGGER, {"connection": name})
        self._reader = reader
        self._writer = writer
        self._parser = EventParser(limits.frame)
        self._front_end = front_end
        self._limits = limits
        self._metrics = metrics
        self._session = front_end.open_session(name)
        self._inbox = Inbox()
        self._event_began_at: float | None = None
        self._state = ConnectionState.OPEN
        self._tasks: list[asyncio.Task[None]] = []
        writer.transport.set_write_buffer_limits(high=WRITE_HIGH_WATER_BYTES)

    async def run(self) -> None:
        """Serve until the client disconnects or breaks the protocol, or the server shuts down."""
        self._log.debug("connected")
        try:
            await self._serve_client()
            if self._state is ConnectionState.FAILED:
                self._session.close()
                await self._linger()
        except asyncio.CancelledError:
            if self._state is not ConnectionState.FAILED:
                self._send_error(ShuttingDown())
                await self._linger()
            raise
        finally:
            self._session.close()
            await self._close()
            self._log.debug("closed")

    def drain(self) -> None:
        """Refuse new requests; end as soon as the open one is answered."""
        self._advance(ConnectionState.DRAINING)

    def _advance(self, state: ConnectionState) -> None:
        self._state = max(self._state, state)
        if self._complete:
            self._end_tasks()

    @property
    def _complete(self) -> bool:
        """True once the connection is to end and nothing that it received is unanswered."""
        busy = self._inbox.pending or self._session.busy
        return self._state is not ConnectionState.OPEN and not busy

    def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _serve_client(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                self._tasks = [
                    group.create_task(self._receive()),
                    group.create_task(self._handle()),
                ]
        except* ConnectionError as lost:
            self._log.debug("lost: %s", _first(lost))
        except* VoiceStackError as failed:
            self._send_error(_first(failed))
        except* Exception as failed:  # noqa: BLE001 - the one error boundary
            self._log.error("failed: %s", redacted_traceback(_first(failed)))
            self._send_error(VoiceStackError("Internal server error; see the server's log."))

    async def _receive(self) -> None:
        while data := await self._read():
            self._parser.feed(data)
            while (event := self._parser.next_event()) is not None:
                self._event_began_at = None
                await self._dispatch(event)
            if self._parser.in_event and self._event_began_at is None:
                self._event_began_at = time.monotonic()
        self._parser.end()
        self._advance(ConnectionState.HALF_CLOSED)
        await asyncio.wait(self._tasks[1:], timeout=self._limits.half_close_s)
        self._end_tasks()

    async def _read(self) -> bytes:
        if self._event_began_at is not None:
            return await self._read_rest(self._event_began_at)
        while True:
            try:
                async with asyncio.timeout(self._limits.idle_s):
                    return await self._reader.read(READ_BYTES)
            except TimeoutError as error:
                if not self._inbox.pending:
                    raise DeadlineExceeded(
                        f"No data for {self._limits.idle_s:g} s; reconnect to continue."
                    ) from error

    async def _read_rest(self, began_at: float) -> bytes:
        try:
            async with asyncio.timeout(self._limits.read_s - (time.monotonic() - began_at)):
                return await self._reader.read(READ_BYTES)
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"An event was still incomplete {self._limits.read_s:g} s after its first byte."
            ) from error

    async def _dispatch(self, event: Event) -> None:
        if Describe.is_type(event.type):
            await self._send(self._front_end.info())
        elif Ping.is_type(event.type):
            await self._send(Pong(text=read(Ping, event).text).event())
        elif SelectProgram.is_type(event.type):
            self._check_program(read(SelectProgram, event).name)
        else:
            await self._inbox.put(event, self._parser.last_event_bytes)

    def _check_program(self, name: str) -> None:
        if name not in self._front_end.programs:
            available = ", ".join(self._front_end.programs)
            raise UnknownProgram(f"Unknown program {name!r:.80}. Available: {available}.")

    async def _handle(self) -> None:
        while not self._complete:
            event = await self._inbox.take()
            if self._state is ConnectionState.DRAINING and not self._session.busy:
                raise ShuttingDown
            async with aclosing(self._session.handle(event)) as replies:
                async for reply in replies:
                    await self._send(reply)
            self._inbox.mark_handled()
        self._end_tasks()

    async def _send(self, event: Event) -> None:
        self._writer.write(encode(event))
        try:
            async with asyncio.timeout(self._limits.write_s):
                await self._writer.drain()
        except TimeoutError as error:
            self._log.warning("the client read no replies for %g s", self._limits.write_s)
            raise ConnectionAbortedError("the client reads no replies") from error

    def _send_error(self, error: VoiceStackError) -> None:
        self._state = ConnectionState.FAILED
        self._metrics.errors.labels(error.code).inc()
        self._log.warning("%s: %s", error.code, error)
        for event in (
            Error(text=str(error), code=error.code).event(),
            *self._session.closing_events(),
        ):
            self._writer.write(encode(event))

    async def _linger(self) -> None:
        # Closing a socket with unread bytes resets the connection, and the reset may overtake the
        # error event: so the client's last bytes are read and discarded first.
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                await self._writer.drain()
                self._writer.write_eof()
                while await self._reader.read(READ_BYTES):
                    pass

    async def _close(self) -> None:
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                await self._writer.wait_closed()
                return
        self._writer.transport.abort()


def _first(group: BaseExceptionGroup[Raised]) -> Raised:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
