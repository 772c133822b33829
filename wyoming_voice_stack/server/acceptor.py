"""Takes new connections from the system, and lets those of different addresses in by turns."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from wyoming_voice_stack.errors import Busy, ShuttingDown, VoiceStackError
from wyoming_voice_stack.logs import REPEATS, Repeats
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.server.admission import source_of
from wyoming_voice_stack.server.refusals import error_event, is_http, unavailable
from wyoming_voice_stack.server.sockets import (
    BACKLOG,
    READ_BYTES,
    set_options,
    takes_reserved_descriptor,
)

_LOGGER = logging.getLogger(__name__)

BEGUN_PER_TURN = 4
"""Connections that begin in one turn of the event loop. They go through their first turns together, and
each costs up to a millisecond there."""
TAKEN_PER_TURN = 128
"""Connections that are taken from the system in one turn: little work beside that of beginning."""
WAITING_CONNECTIONS = 256
"""Connections that have been taken from the system and have not begun."""
RETRY_SECONDS = 1.0
"""How long the server takes no connections after the system had no descriptor for one."""
QUICK_RETRY_SECONDS = 0.1
"""How long it takes none if it could end another connection then."""

_OUT_OF_DESCRIPTORS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Acceptor:
    """Accepts connections of listening sockets. Used from one event loop.

    The system keeps connections in the order in which they came, and also those that have been reset.
    Whoever connects behind a thousand of one client would wait until all have begun and ended, half a
    second.
    """

    def __init__(
        self,
        begin: Callable[[bytes], asyncio.Protocol],
        metrics: Metrics,
        make_room: Callable[[], bool] = lambda: False,
    ) -> None:
        """`begin` makes the protocol of a new connection from what the client has sent already.

        `make_room` ends a connection that is not in use where the process has hardly any descriptors
        left; it returns False if there is none.
        """
        self._begin = begin
        self._metrics = metrics
        self._make_room = make_room
        self._listening: list[socket.socket] = []
        self._waiting: OrderedDict[str, deque[socket.socket]] = OrderedDict()
        """By address; the next one to begin comes first."""
        self._beginning: dict[asyncio.Task[None], socket.socket] = {}
        self._retry: asyncio.TimerHandle | None = None
        self._next: asyncio.Handle | None = None

    def __len__(self) -> int:
        """Return how many connections wait."""
        return sum(map(len, self._waiting.values()))

    def start(self, bound: Sequence[socket.socket]) -> None:
        """Listen on sockets that are bound, and accept from now on.

        Raises:
            OSError: another program listens there.
        """
        for each in bound:
            one = socket.socket(fileno=os.dup(each.fileno()))
            self._listening.append(one)
            # Accepted sockets inherit the options: setting them one by one took a tenth of the time
            # of a connection.
            set_options(one)
            one.setblocking(False)
            one.listen(BACKLOG)
        self._resume()

    def close(self) -> None:
        """Stop listening, and end the connections that have not begun."""
        self._pause()
        for timer in (self._retry, self._next):
            if timer is not None:
                timer.cancel()
        for one in self._listening:
            one.close()
        self._listening.clear()
        for waiting in self._waiting.values():
            for one in waiting:
                _end(one, ShuttingDown())
        self._waiting.clear()
        for task in self._beginning:
            task.cancel()

    def _resume(self) -> None:
        loop = asyncio.get_running_loop()
        for one in self._listening:
            loop.add_reader(one, self._take, one)

    def _pause(self) -> None:
        loop = asyncio.get_running_loop()
        for one in self._listening:
            loop.remove_reader(one)

    def _take(self, listening: socket.socket) -> None:
        """Take what has arrived from the system."""
        for _ in range(TAKEN_PER_TURN):
            try:
                one, peer = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                break
            except OSError as error:
                if error.errno not in _OUT_OF_DESCRIPTORS:
                    raise
                self._rest(error)
                break
            one.setblocking(False)
            if _is_over(one):
                one.close()
            elif not takes_reserved_descriptor(one):
                self._add(one, source_of(peer))
            else:
                self._add_in_place_of_another(one, source_of(peer))
                # What has ended gives its descriptor back in the next turn.
                break
        if self._waiting and self._next is None:
            self._begin_some()

    def _add(self, one: socket.socket, source: str) -> None:
        if len(self) >= WAITING_CONNECTIONS:
            # The oldest of the address with most gives way.
            most = max(self._waiting, key=lambda other: len(self._waiting[other]))
            self._refuse(
                self._next_of(most),
                most,
                f"more than {WAITING_CONNECTIONS} wait to begin, most of them from this address",
                Busy("Too many connections wait for the server; try again in a moment."),
            )
        self._waiting.setdefault(source, deque()).append(one)

    def _add_in_place_of_another(self, one: socket.socket, source: str) -> None:
        if self._make_room():
            self._add(one, source)
            return
        self._refuse(
            one,
            source,
            "the system allows the server no more open files, and all connections are in use;"
            " raise the limit (ulimit -n, LimitNOFILE)",
            Busy("The server has as many connections as it can open; try again in a moment."),
        )

    def _refuse(self, one: socket.socket, source: str, reason: str, error: Busy) -> None:
        self._metrics.refused_connections.labels(error.code).inc()
        _LOGGER.warning(
            "[%s] refused a connection: %s", source, reason, extra={REPEATS: Repeats(reason)}
        )
        _end(one, error)

    def _next_of(self, source: str) -> socket.socket:
        one = self._waiting[source].popleft()
        if not self._waiting[source]:
            del self._waiting[source]
        return one

    def _begin_some(self) -> None:
        loop = asyncio.get_running_loop()
        self._next = None
        for _ in range(min(BEGUN_PER_TURN, len(self))):
            source = next(iter(self._waiting))
            one = self._next_of(source)
            if source in self._waiting:
                self._waiting.move_to_end(source)
            first = _received(one, READ_BYTES)
            if first is None:
                one.close()
                continue
            task = loop.create_task(self._begin_with(one, first), name="new connection")
            self._beginning[task] = one
            task.add_done_callback(self._begun)
        if self._waiting:
            self._next = loop.call_soon(self._begin_some)

    async def _begin_with(self, one: socket.socket, first: bytes) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(partial(self._begin, first), one)
        except OSError:
            # It was reset since it was looked at.
            one.close()

    def _begun(self, task: asyncio.Task[None]) -> None:
        one = self._beginning.pop(task)
        if task.cancelled():
            # A task that has had no turn leaves it open.
            one.close()

    def _rest(self, error: OSError) -> None:
        _LOGGER.warning(
            "no more connections can be accepted (%s); trying again in a moment",
            error.strerror,
            extra={REPEATS: Repeats("no descriptors")},
        )
        self._pause()
        pause_s = QUICK_RETRY_SECONDS if self._make_room() else RETRY_SECONDS
        self._retry = asyncio.get_running_loop().call_later(pause_s, self._resume)


def _end(one: socket.socket, error: VoiceStackError) -> None:
    """Close a connection that has not begun, with an error."""
    # Read first: closing a socket with unread bytes resets the connection.
    first = _received(one, READ_BYTES)
    if first is not None:
        # A new connection's buffer has room.
        with suppress(OSError):
            one.send(unavailable(error) if is_http(first) else error_event(error))
    one.close()


def _is_over(one: socket.socket) -> bool:
    """Return whether a client has reset its connection, or closed it without having sent anything."""
    return _received(one, 1, socket.MSG_PEEK) is None


def _received(one: socket.socket, limit_bytes: int, flags: int = 0) -> bytes | None:
    """Return what a client has sent already; None if its connection is over."""
    if one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        return None
    try:
        return one.recv(limit_bytes, flags) or None
    except BlockingIOError:
        return b""
    except OSError:
        return None
