"""Received events that wait until the session handles them, bounded in bytes."""

from __future__ import annotations

import asyncio
from collections import deque

from wyoming.event import Event

MAX_WAITING_BYTES = 256 * 1024
"""Eight seconds of speech, or a thousand pieces of text; beyond it reading stops, and so the sender."""
EVENT_OVERHEAD_BYTES = 256
"""The least that an event counts: its objects occupy more than its bytes on the wire."""


class Inbox:
    """One coroutine puts events, one takes them. A single event is accepted whatever its size."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Event, int]] = deque()
        self._waiting_bytes = 0
        self._handling = False
        self._arrived = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def pending(self) -> bool:
        """True while an event waits, or one that was taken is not yet marked as handled."""
        return self._handling or bool(self._waiting)

    async def put(self, event: Event, wire_bytes: int) -> None:
        """Add an event, which had `wire_bytes` on the wire; waits until there is room."""
        await self._has_room.wait()
        counted = max(wire_bytes, EVENT_OVERHEAD_BYTES)
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
        self._handling = True
        return event

    def mark_handled(self) -> None:
        """Note that the event taken last was handled."""
        self._handling = False

    def _count(self, change: int) -> None:
        self._waiting_bytes += change
        if self._waiting_bytes < MAX_WAITING_BYTES:
            self._has_room.set()
        else:
            self._has_room.clear()
