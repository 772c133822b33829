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
from collections.abc import Callable
from contextlib import aclosing

from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, SelectProgram
from wyoming.ping import Ping, Pong

from wyoming_voice_stack.errors import (
    Busy,
    ShuttingDown,
    UnknownProgram,
    VoiceStackError,
    redacted_traceback,
    without_paths,
)
from wyoming_voice_stack.machine.memory import out_of_memory
from wyoming_voice_stack.protocol.connection.closing import close, linger
from wyoming_voice_stack.protocol.connection.connection_log import ConnectionLog
from wyoming_voice_stack.protocol.connection.connection_state import SERVING, ConnectionState
from wyoming_voice_stack.protocol.connection.event_rate import EventRate
from wyoming_voice_stack.protocol.connection.inbox import OWN_BYTES, Inbox
from wyoming_voice_stack.protocol.connection.joint_tasks import first_failure
from wyoming_voice_stack.protocol.connection.server_context import ServerContext
from wyoming_voice_stack.protocol.connection.timed_reader import TimedReader
from wyoming_voice_stack.protocol.event_validation import read
from wyoming_voice_stack.protocol.framing import EventParser, encode

_LOGGER = logging.getLogger(__name__)

WRITE_HIGH_WATER_BYTES = 32 * 1024
"""Unsent bytes above which the session is not asked for more replies: less than a second of audio."""
WRITE_LOW_WATER_BYTES = 24 * 1024
"""Unsent bytes below which it is asked again. A client that reads as it plays takes these 8 KiB in 0.2 s, so
that its reply is seen to be read."""


class Connection:
    """Serves one client from its first byte to its last."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        context: ServerContext,
        name: str,
        admit: Callable[[], bool] = lambda: True,
    ) -> None:
        """`admit` returns whether the connection may begin a request; it is asked until it does."""
        self._name = name
        self._log = ConnectionLog(_LOGGER, name)
        self._reader = reader
        self._writer = writer
        self._context = context
        self._limits = context.limits
        self._parser = EventParser(context.limits.frame)
        self._session = context.front_end.open_session(name)
        self._inbox = Inbox(context.inbox_pool)
        self._timed = TimedReader(reader, context.limits, self._inbox)
        self._received = EventRate(context.overload_turns)
        self._handled = EventRate(context.overload_turns)
        self._admit = admit
        self._admitted = False
        self._evicted = False
        self.received_bytes = 0
        self._last_data_at = time.monotonic()
        self._unread_since: float | None = None
        self._state = ConnectionState.OPEN
        self._tasks: list[asyncio.Task[None]] = []
        writer.transport.set_write_buffer_limits(
            high=WRITE_HIGH_WATER_BYTES, low=WRITE_LOW_WATER_BYTES
        )

    def start(self) -> asyncio.Task[None]:
        """Serve until the client disconnects or breaks the protocol, or the task is cancelled to shut down."""
        loop = asyncio.get_running_loop()
        # Here and not in the first turn of `_run`: what has arrived is answered one turn earlier.
        self._tasks = [loop.create_task(each) for each in (self._receive(), self._handle())]
        task = loop.create_task(self._run(), name=f"connection-{self._name}")
        task.add_done_callback(self._ended)
        return task

    def _ended(self, _task: asyncio.Task[None]) -> None:
        self._end_tasks()
        self._session.close()
        if not self._writer.is_closing():
            # A task that is cancelled before its first turn has left everything open.
            self._send_error(ShuttingDown())
            self._writer.close()
        else:
            self.abort()

    async def _run(self) -> None:
        self._log.debug("connected")
        try:
            await self._serve_client()
            self._explain_end()
            if self._state is ConnectionState.FAILED:
                self._session.close()
                await linger(self._reader, self._writer, self._received.pay)
        except asyncio.CancelledError:
            if self._state is not ConnectionState.FAILED:
                self._send_error(ShuttingDown())
                await linger(self._reader, self._writer, self._received.pay)
            raise
        finally:
            self._session.close()
            self._inbox.clear()
            await close(self._writer)
            self._cut_circles()
            self._log.debug("closed")

    def _explain_end(self) -> None:
        if self._state is ConnectionState.FAILED:
            return
        if self._evicted:
            self._send_error(Busy("The server has ended an idle connection to serve others."))
        elif self._state is ConnectionState.DRAINING and self._parser.in_event:
            self._send_error(ShuttingDown())

    def drain(self) -> None:
        """Refuse new requests; end as soon as the open one is answered."""
        self._advance(ConnectionState.DRAINING)

    def evict(self) -> None:
        """End now, with an error: another client needs the place."""
        self._evicted = True
        self._end_tasks()

    def abandon(self) -> None:
        """End now, without reading the rest: the client has left."""
        if self._state in SERVING:
            self._log.debug("the client left before the server had read all that it sent")
            self._end_tasks()

    def probe(self) -> None:
        """Send a space, which means nothing, to a client whose events wait; see decision 0059."""
        # A satellite never has so many.
        waits = self._inbox.waiting_bytes > OWN_BYTES
        if waits and self._state in SERVING and not self._writer.transport.get_write_buffer_size():
            self._writer.write(b" ")

    def abort(self) -> None:
        """End at once, without delivering what is not sent yet."""
        self._writer.transport.abort()

    @property
    def in_request(self) -> bool:
        """True while the client has a request that is not answered yet."""
        # After an error, what waits is answered by it.
        return self._state is not ConnectionState.FAILED and self._has_work

    @property
    def _has_work(self) -> bool:
        return self._session.busy or self._inbox.pending

    @property
    def waits_for_client_s(self) -> float:
        """Seconds since the client should have sent or read something; 0 while the server has work."""
        if self._unread_since is not None:
            return time.monotonic() - self._unread_since
        if self._inbox.pending and self._state is not ConnectionState.FAILED:
            return 0.0
        return time.monotonic() - self._last_data_at

    def _advance(self, state: ConnectionState) -> None:
        self._state = max(self._state, state)
        if self._complete:
            self._end_tasks()

    @property
    def _complete(self) -> bool:
        """True once the connection is to end and nothing that it received is unanswered."""
        return self._state is not ConnectionState.OPEN and not self._has_work

    def _end_tasks(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _serve_client(self) -> None:
        error = await first_failure(self._tasks)
        if isinstance(error, ConnectionError):
            self._log.debug("lost: %s", error)
        elif isinstance(error, VoiceStackError):
            self._send_error(error)
        elif error is not None:
            self._log.error("failed: %s", redacted_traceback(error))
            internal = VoiceStackError("Internal server error; see the server's log.")
            self._send_error(out_of_memory(error) or internal)
        if error is not None:
            # Its frames lead back here.
            error.__traceback__ = None

    async def _receive(self) -> None:
        while data := await self._timed.read():
            self._last_data_at = time.monotonic()
            self.received_bytes += len(data)
            self._parser.feed(data)
            while (event := self._parser.next_event()) is not None:
                self._timed.note_event(incomplete=False)
                await self._dispatch(event)
                await self._received.pay(self._parser.last_event_bytes)
            if self._parser.in_event:
                self._timed.note_event(incomplete=True)
        self._parser.end()
        self._advance(ConnectionState.HALF_CLOSED)
        await asyncio.wait(self._tasks[1:], timeout=self._limits.half_close_s)
        self._end_tasks()

    async def _dispatch(self, event: Event) -> None:
        if Describe.is_type(event.type):
            await self._write(self._context.encoded_info())
        elif Ping.is_type(event.type):
            await self._send(Pong(text=read(Ping, event).text).event())
        elif SelectProgram.is_type(event.type):
            self._check_program(read(SelectProgram, event).name)
        else:
            self._require_place()
            await self._inbox.put(event, self._parser.last_event_memory)

    def _require_place(self) -> None:
        self._admitted = self._admitted or self._admit()
        if not self._admitted:
            raise Busy(
                "All connections of the server are in use; try again in a moment,"
                " or raise MAX_CONNECTIONS."
            )

    def _check_program(self, name: str) -> None:
        programs = self._context.front_end.programs
        if name not in programs:
            available = ", ".join(programs)
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
            await self._handled.pay(0)
        self._end_tasks()

    async def _send(self, event: Event) -> None:
        await self._write(encode(event))

    async def _write(self, encoded: bytes) -> None:
        self._writer.write(encoded)
        self._unread_since = time.monotonic()
        try:
            async with asyncio.timeout(self._limits.write_s):
                await self._writer.drain()
        except TimeoutError as error:
            self._log.client_error(
                "unread", "the client read no replies for %g s", self._limits.write_s
            )
            raise ConnectionAbortedError("the client reads no replies") from error
        finally:
            self._unread_since = None

    def _send_error(self, error: VoiceStackError) -> None:
        self._state = ConnectionState.FAILED
        self._context.metrics.errors.labels(error.code).inc()
        self._log.client_error(error.code, "%s: %s", error.code, error)
        for event in (
            Error(text=without_paths(str(error)), code=error.code).event(),
            *self._session.closing_events(),
        ):
            self._writer.write(encode(event))

    def _cut_circles(self) -> None:
        """Drop references that lead back here: collecting thousands of connections stops the server."""
        self._tasks = []
        self._admit = bool  # Returns False, and knows no connection.
        if (lost := self._reader.exception()) is not None:
            lost.__traceback__ = None
