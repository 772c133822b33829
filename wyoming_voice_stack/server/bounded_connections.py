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
        self._added_at: dict[asyncio.Transport, float] = {}
        """In the order of arrival, by the clock of the event loop."""
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._added_at)

    def __contains__(self, transport: asyncio.Transport) -> bool:
        return transport in self._added_at

    def add(self, transport: asyncio.Transport) -> None:
        """Add a connection; at the limit, the oldest of the address with most is aborted for it.

        One that is there already becomes the youngest.
        """
        self.remove(transport)
        self._remove_ended()
        if len(self._added_at) >= self._limit:
            self._evict(self._oldest_of_the_largest())
        loop = asyncio.get_running_loop()
        self._added_at[transport] = now = loop.time()
        # One timer for all: with one for each, connecting and leaving takes a fifth longer.
        if self._timer is None:
            self._timer = loop.call_at(now + self._max_age_s, self._evict_old)

    def remove(self, transport: asyncio.Transport) -> None:
        """Remove a connection without aborting it."""
        self._added_at.pop(transport, None)

    def shorten(self) -> bool:
        """Abort the oldest of the address with most; return False if there is none."""
        self._remove_ended()
        if not self._added_at:
            return False
        self._evict(self._oldest_of_the_largest())
        return True

    def close(self) -> None:
        """Abort all connections."""
        for transport in list(self._added_at):
            self._evict(transport)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _remove_ended(self) -> None:
        for ended in [one for one in self._added_at if one.is_closing()]:
            self.remove(ended)

    def _oldest_of_the_largest(self) -> asyncio.Transport:
        sources = {one: source_of(one.get_extra_info("peername")) for one in self._added_at}
        taken = Counter(sources.values())
        return max(self._added_at, key=lambda one: taken[sources[one]])

    def _evict_old(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        for transport, added_at in list(self._added_at.items()):
            ends_at = added_at + self._max_age_s
            if ends_at > loop.time():
                self._timer = loop.call_at(ends_at, self._evict_old)
                return
            self._evict(transport)

    def _evict(self, transport: asyncio.Transport) -> None:
        self.remove(transport)
        transport.abort()
