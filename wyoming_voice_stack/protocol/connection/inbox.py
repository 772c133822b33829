"""Received events that wait until the session handles them, bounded for a connection and for the server."""

from __future__ import annotations

import asyncio
from collections import deque

from wyoming.event import Event

from wyoming_voice_stack.errors import Busy

MAX_WAITING_BYTES = 256 * 1024
"""Eight seconds of speech, or a thousand pieces of text; beyond it reading stops, and so the sender."""
OWN_BYTES = 64 * 1024
"""What every connection may hold whatever others hold: two seconds of speech."""
SHARED_BYTES = 32 * 1024 * 1024
"""What all connections of a server together may hold beyond their own bytes."""
EVENT_OVERHEAD_BYTES = 256
"""The least that an event counts: its objects occupy more than its bytes on the wire."""


class InboxPool:
    """The memory that the inboxes of a server share."""

    def __init__(self, limit_bytes: int = SHARED_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self.used_bytes = 0

    def holds(self, more_bytes: int) -> bool:
        """Return whether so many bytes are left."""
        return self.used_bytes + more_bytes <= self._limit_bytes


class Inbox:
    """One coroutine puts events, one takes them. A single event may be as large as the pool allows."""

    def __init__(self, pool: InboxPool) -> None:
        self._pool = pool
        self._waiting: deque[tuple[Event, int]] = deque()
        self.waiting_bytes = 0
        """About what the waiting events occupy."""
        self._handling = False
        self._arrived = asyncio.Event()
        self._taken = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def pending(self) -> bool:
        """True while an event waits, or one that was taken is not yet marked as handled."""
        return self._handling or bool(self._waiting)

    async def put(self, event: Event, memory_bytes: int) -> None:
        """Add an event, which occupies about `memory_bytes`; waits until there is room.

        Raises:
            Busy: the event alone is larger than what the other connections leave.
        """
        counted = max(memory_bytes, EVENT_OVERHEAD_BYTES)
        while not self._has_room(counted):
            if not self._waiting:
                raise Busy(
                    "The server already holds too many events that it has not handled yet;"
                    " try again in a moment."
                )
            self._taken.clear()
            await self._taken.wait()
        self._waiting.append((event, counted))
        self._count(counted)
        self._arrived.set()

    async def take(self) -> Event:
        """Wait for the next event; call `mark_handled` once it is handled."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        event, counted = self._waiting.popleft()
        self._count(-counted)
        self._taken.set()
        self._handling = True
        return event

    def mark_handled(self) -> None:
        """Note that the event taken last was handled."""
        self._handling = False

    def clear(self) -> None:
        """Discard what waits, and return its memory to the pool."""
        self._waiting.clear()
        self._count(-self.waiting_bytes)

    def _has_room(self, counted: int) -> bool:
        shared = _shared(self.waiting_bytes + counted) - _shared(self.waiting_bytes)
        return self.waiting_bytes < MAX_WAITING_BYTES and self._pool.holds(shared)

    def _count(self, change: int) -> None:
        before = _shared(self.waiting_bytes)
        self.waiting_bytes += change
        self._pool.used_bytes += _shared(self.waiting_bytes) - before


def _shared(waiting_bytes: int) -> int:
    return max(0, waiting_bytes - OWN_BYTES)
