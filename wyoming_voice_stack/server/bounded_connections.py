"""Bounds connections in number and age. One address with many of them cannot displace those of others."""

from __future__ import annotations

import asyncio
from collections import Counter

from wyoming_voice_stack.server.admission import source_of


class BoundedConnections:
    """Aborts a connection that is too old, and one of the address with most when there are too many."""

    def __init__(self, limit: int, max_age_s: float) -> None:
        self._limit = limit
        self._max_age_s = max_age_s
        # In the order of arrival.
        self._timers: dict[asyncio.Transport, asyncio.TimerHandle] = {}
        self._sources: dict[asyncio.Transport, str] = {}

    def __len__(self) -> int:
        return len(self._timers)

    def __contains__(self, transport: asyncio.Transport) -> bool:
        return transport in self._timers

    def add(self, transport: asyncio.Transport) -> None:
        """Add a connection; at the limit, the oldest of the address with most is aborted for it.

        One that is there already becomes the youngest.
        """
        self.remove(transport)
        for ended in [one for one in self._timers if one.is_closing()]:
            self.remove(ended)
        if len(self._timers) >= self._limit:
            self._evict(self._oldest_of_the_largest())
        timer = asyncio.get_running_loop().call_later(self._max_age_s, self._evict, transport)
        self._timers[transport] = timer
        self._sources[transport] = source_of(transport.get_extra_info("peername"))

    def remove(self, transport: asyncio.Transport) -> None:
        """Remove a connection without aborting it."""
        self._sources.pop(transport, None)
        timer = self._timers.pop(transport, None)
        if timer is not None:
            timer.cancel()

    def close(self) -> None:
        """Abort all connections."""
        for transport in list(self._timers):
            self._evict(transport)

    def _oldest_of_the_largest(self) -> asyncio.Transport:
        taken = Counter(self._sources.values())
        return max(self._timers, key=lambda one: taken[self._sources[one]])

    def _evict(self, transport: asyncio.Transport) -> None:
        self.remove(transport)
        transport.abort()
