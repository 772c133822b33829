"""One Wyoming conversation: its deadlines, its backpressure and its one error boundary.

Two tasks share a connection. One reads: it answers `describe`, `ping` and
`select-program` on the spot, so that no engine delays them, notices when the client
leaves, and puts everything else into a short inbox. The other takes from the inbox,
one event after another, and writes what the session replies.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import MutableMapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
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
from wyoming_voice_stack.protocol.framing import EventParser, FrameLimits, encode
from wyoming_voice_stack.protocol.inbox import Inbox
from wyoming_voice_stack.protocol.session import FrontEnd
from wyoming_voice_stack.protocol.vocabulary import read

_LOGGER = logging.getLogger(__name__)

Raised = TypeVar("Raised", bound=BaseException)

READ_BYTES = 64 * 1024
"""Bytes taken from the socket at once."""
WRITE_HIGH_WATER_BYTES = 256 * 1024
"""Unsent bytes above which the session is not asked for more."""
FAREWELL_SECONDS = 2.0
"""How long a closing connection tries to bring its last words out."""


@dataclass(frozen=True)
class ConnectionLimits:
    """Deadlines in seconds, and the bounds of a frame."""

    frame: FrameLimits = field(default_factory=FrameLimits)
    idle_s: float = 600.0
    """Silence between two events while nothing is worked on."""
    read_s: float = 30.0
    """From an event's first byte to its last."""
    write_s: float = 120.0
    """A client that leaves its replies unread."""
    half_close_s: float = 0.5
    """After the client has ended its side: time for replies to what it sent before."""


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
        self._reader = reader
        self._writer = writer
        self._front_end = front_end
        self._limits = limits
        self._metrics = metrics
        self._log = _ConnectionLog(_LOGGER, {"connection": name})
        self._session = front_end.open_session(name)
        self._parser = EventParser(limits.frame)
        self._inbox = Inbox()
        self._event_began_at: float | None = None
        self._working = False
        self._refusing = False
        self._finishing = False
        self._failed = False
        self._tasks: list[asyncio.Task[None]] = []
        writer.transport.set_write_buffer_limits(high=WRITE_HIGH_WATER_BYTES)

    async def run(self) -> None:
        """Serve until the client leaves, breaks the protocol, or the server drains."""
        self._log.debug("connected")
        try:
            await self._converse()
            if self._failed:
                self._session.close()
                await self._linger()
        except asyncio.CancelledError:
            if not self._failed:
                self._say_error(_shutting_down())
                await self._linger()
            raise
        finally:
            self._session.close()
            await self._close()
            self._log.debug("closed")

    def drain(self) -> None:
        """Take no new request; end as soon as the running one is answered."""
        self._refusing = True
        self._finish()

    def _finish(self) -> None:
        self._finishing = True
        if not self._occupied:
            self._end()

    @property
    def _occupied(self) -> bool:
        return self._working or self._session.busy or len(self._inbox) > 0

    def _end(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _converse(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                self._tasks = [
                    group.create_task(self._receive()),
                    group.create_task(self._serve()),
                ]
        except* ConnectionError as lost:
            self._log.debug("lost: %s", _first(lost))
        except* VoiceStackError as failed:
            self._say_error(_first(failed))
        except* Exception as failed:  # noqa: BLE001 - the one error boundary
            self._log.error("failed: %s", redacted_traceback(_first(failed)))
            self._say_error(VoiceStackError("The server failed; its log says more."))

    async def _receive(self) -> None:
        while data := await self._read():
            self._parser.feed(data)
            while (event := self._parser.next_event()) is not None:
                self._event_began_at = None
                await self._dispatch(event)
            if self._parser.in_event and self._event_began_at is None:
                self._event_began_at = time.monotonic()
        self._parser.end()
        self._finish()
        await asyncio.wait(self._tasks[1:], timeout=self._limits.half_close_s)
        self._end()

    async def _read(self) -> bytes:
        if self._event_began_at is not None:
            return await self._read_rest(self._event_began_at)
        while True:
            try:
                async with asyncio.timeout(self._limits.idle_s):
                    return await self._reader.read(READ_BYTES)
            except TimeoutError as error:
                if not (self._working or len(self._inbox) > 0):
                    raise DeadlineExceeded(
                        f"Nothing was sent for {self._limits.idle_s:g} s; connect again when there"
                        " is more."
                    ) from error

    async def _read_rest(self, began_at: float) -> bytes:
        try:
            async with asyncio.timeout(self._limits.read_s - (time.monotonic() - began_at)):
                return await self._reader.read(READ_BYTES)
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"An event was begun and not finished within {self._limits.read_s:g} s."
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
            known = ", ".join(self._front_end.programs)
            raise UnknownProgram(f"There is no program {name!r:.80} here; there is: {known}.")

    async def _serve(self) -> None:
        while not (self._finishing and not self._occupied):
            event = await self._inbox.take()
            if self._refusing and not self._session.busy:
                raise _shutting_down()
            self._working = True
            try:
                async with aclosing(self._session.handle(event)) as replies:
                    async for reply in replies:
                        await self._send(reply)
            finally:
                self._working = False
        self._end()

    async def _send(self, event: Event) -> None:
        self._writer.write(encode(event))
        try:
            async with asyncio.timeout(self._limits.write_s):
                await self._writer.drain()
        except TimeoutError as error:
            self._log.warning("the client left its replies unread for %g s", self._limits.write_s)
            raise ConnectionAbortedError("replies left unread") from error

    def _say_error(self, error: VoiceStackError) -> None:
        self._failed = True
        self._metrics.errors.labels(error.code).inc()
        self._log.warning("%s: %s", error.code, error)
        for event in (
            Error(text=str(error), code=error.code).event(),
            *self._session.closing_events(),
        ):
            self._writer.write(encode(event))

    async def _linger(self) -> None:
        # Closing a socket that holds unread bytes resets it, and the reset overtakes the
        # error event: so the client's last bytes are read and thrown away first.
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self._writer.drain()
                self._writer.write_eof()
                while await self._reader.read(READ_BYTES):
                    pass

    async def _close(self) -> None:
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self._writer.wait_closed()
                return
        self._writer.transport.abort()


def _shutting_down() -> ShuttingDown:
    return ShuttingDown("The server is shutting down; ask again in a moment.")


def _first(group: BaseExceptionGroup[Raised]) -> Raised:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
