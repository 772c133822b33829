"""Bounds the work that the events of connections cause between two turns of the event loop.

Each connection has a token bucket, from which an ordinary client never takes more than flows in. A
connection beyond its rate is not refused; it works in small steps, and only one such connection
works in each turn of the event loop, however many there are. Many connections within their rates are
bounded by the time that a turn may take.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from wyoming_voice_stack.background import OverloadTurns

BURST_EVENTS = 32
"""Events that a connection may send at once."""
EVENTS_PER_SECOND = 400
"""Events that a connection may send continuously: four times as many as audio chunks of 10 ms."""
BYTES_PER_EVENT = 8 * 1024
"""An event counts once more for each of these bytes."""
EVENTS_PER_TURN = 8
"""Events of a connection beyond its rate in one turn of the event loop: less than a millisecond."""


class EventRate:
    """The token bucket of one connection."""

    def __init__(self, turns: OverloadTurns, clock: Callable[[], float] = time.monotonic) -> None:
        self._turns = turns
        self._clock = clock
        self._tokens = float(BURST_EVENTS)
        self._filled_at = clock()
        self._in_turn = 0.0

    async def pay(self, event_bytes: int) -> None:
        """Take an event's cost from the bucket; beyond the rate, wait for a turn now and then.

        Within it, wait only if the events of others have used up this turn.
        """
        cost = 1 + event_bytes / BYTES_PER_EVENT
        now = self._clock()
        filled = self._tokens + (now - self._filled_at) * EVENTS_PER_SECOND
        # The debt is bounded, too: a connection that becomes calm is an ordinary one soon.
        self._tokens = max(min(filled, BURST_EVENTS) - cost, -BURST_EVENTS)
        self._filled_at = now
        used_up = self._turns.used_up
        if self._tokens >= 0:
            self._in_turn = 0.0
            if used_up:
                await self._turns.wait()
            return
        self._in_turn += cost
        if self._in_turn >= EVENTS_PER_TURN:
            self._in_turn = 0.0
            await self._turns.wait()
