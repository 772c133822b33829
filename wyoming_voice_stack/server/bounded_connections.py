"""Bounds connections in number and age, and aborts the oldest when there are too many."""

from __future__ import annotations

import asyncio


class BoundedConnections:
    """Aborts a connection that is too old, and the oldest one when there are too many."""

    def __init__(self, limit: int, max_age_s: float) -> None:
        self._limit = limit
        self._max_age_s = max_age_s
        # In the order of arrival.
        self._timers: dict[asyncio.Transport, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._timers)

    def __contains__(self, transport: asyncio.Transport) -> bool:
        return transport in self._timers

    def add(self, transport: asyncio.Transport) -> None:
        """Add a connection; at the limit, the oldest one is aborted for it."""
        for ended in [one for one in self._timers if one.is_closing()]:
            self.remove(ended)
        if len(self._timers) >= self._limit:
            self._evict(next(iter(self._timers)))
        timer = asyncio.get_running_loop().call_later(self._max_age_s, self._evict, transport)
        self._timers[transport] = timer

    def remove(self, transport: asyncio.Transport) -> None:
        """Remove a connection without aborting it."""
        timer = self._timers.pop(transport, None)
        if timer is not None:
            timer.cancel()

    def close(self) -> None:
        """Abort all connections."""
        for transport in list(self._timers):
            self._evict(transport)

    def _evict(self, transport: asyncio.Transport) -> None:
        self.remove(transport)
        transport.abort()
