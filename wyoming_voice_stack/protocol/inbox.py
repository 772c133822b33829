"""Events that wait for their session, bounded by what they weigh."""

from __future__ import annotations

import asyncio
from collections import deque

from wyoming.event import Event

MAX_WAITING_BYTES = 256 * 1024
"""Eight seconds of speech, or a thousand pieces of text; more stop the reading, and so the sender."""
EVENT_OVERHEAD_BYTES = 256
"""What an event counts at the least: its objects weigh more than its bytes."""


class Inbox:
    """One coroutine puts, one takes. A single event is let in whatever it weighs."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Event, int]] = deque()
        self._weight = 0
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        return len(self._waiting)

    async def put(self, event: Event, wire_bytes: int) -> None:
        """Add an event; waits while there is no room."""
        await self._room.wait()
        weight = max(wire_bytes, EVENT_OVERHEAD_BYTES)
        self._waiting.append((event, weight))
        self._weigh(weight)
        self._arrived.set()

    async def take(self) -> Event:
        """Wait for the next event."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        event, weight = self._waiting.popleft()
        self._weigh(-weight)
        return event

    def _weigh(self, change: int) -> None:
        self._weight += change
        if self._weight < MAX_WAITING_BYTES:
            self._room.set()
        else:
            self._room.clear()
