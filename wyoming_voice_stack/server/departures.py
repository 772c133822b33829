"""Ends the connections of clients that have left while the server has not read all that they sent."""

from __future__ import annotations

import asyncio
import select
import time
from collections.abc import Iterator
from typing import Protocol

CHECK_SECONDS = 0.5
"""How often the connections are checked, all with one system call."""
UNREAD_SECONDS = 2.0
"""After a client closed its sending side: time to read what it sent before, at most half a minute of speech."""

PROBE_SECONDS = 1.0
"""How often clients are probed whose events wait."""

_LOST = select.POLLERR | select.POLLHUP | select.POLLNVAL
_CLOSED = getattr(select, "POLLRDHUP", 0)
"""Reported by Linux as soon as the end has arrived, also behind unread bytes."""


class Watched(Protocol):
    """A connection that can be told that its client has left."""

    def probe(self) -> None:
        """Send something without a meaning, if that is possible and events of the client wait."""
        ...

    def abandon(self) -> None:
        """End now, without reading the rest."""
        ...


class HasDescriptor(Protocol):
    """A socket."""

    def fileno(self) -> int:
        """Return its descriptor; -1 if it is closed."""
        ...


class DepartureWatch:
    """Checks connections now and then, as long as there are any. Used from one event loop.

    A connection that waits for room or for its turn does not read, and so does not see its end: it
    would work for a client that has left until all that the client sent is processed. That includes
    megabytes in the client's system, which delivers them before the end; it resets the connection
    when something arrives for a client that is gone, so connections with events that wait are probed.
    """

    def __init__(self) -> None:
        self._sockets: dict[Watched, HasDescriptor] = {}
        self._closed_at: dict[Watched, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._probed_at = 0.0

    def add(self, connection: Watched, sock: HasDescriptor) -> None:
        """Watch a connection."""
        self._sockets[connection] = sock
        self._start()

    def remove(self, connection: Watched) -> None:
        """Stop watching a connection, which has ended."""
        self._sockets.pop(connection, None)
        self._closed_at.pop(connection, None)

    def close(self) -> None:
        """Watch nothing any more: the server stops."""
        self._sockets.clear()
        self._closed_at.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        if self._timer is None and self._sockets:
            self._timer = asyncio.get_running_loop().call_later(CHECK_SECONDS, self._check)

    def _check(self) -> None:
        self._timer = None
        now = time.monotonic()
        for connection, flags in list(self._departed()):
            closed_at = self._closed_at.setdefault(connection, now)
            if flags & _LOST or now - closed_at >= UNREAD_SECONDS:
                connection.abandon()
        if now - self._probed_at >= PROBE_SECONDS:
            self._probed_at = now
            for connection in self._sockets:
                connection.probe()
        self._start()

    def _departed(self) -> Iterator[tuple[Watched, int]]:
        """Yield the connections whose clients have left, with what the system reports."""
        by_descriptor: dict[int, Watched] = {}
        for connection, sock in self._sockets.items():
            descriptor = sock.fileno()
            if descriptor >= 0:
                by_descriptor[descriptor] = connection
            else:
                yield connection, select.POLLNVAL
        poll = select.poll()
        for descriptor in by_descriptor:
            poll.register(descriptor, _CLOSED)
        for descriptor, flags in poll.poll(0):
            yield by_descriptor[descriptor], flags
