"""Connections that stay for a bounded time, and a bounded number of them."""

from __future__ import annotations

import asyncio


class BoundedConnections:
    """Aborts what has stayed too long, and the oldest one when there are too many."""

    def __init__(self, limit: int, stay_s: float) -> None:
        self._limit = limit
        self._stay_s = stay_s
        # In the order of arrival.
        self._timers: dict[asyncio.Transport, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        return len(self._timers)

    def admit(self, transport: asyncio.Transport) -> None:
        """Let a connection in."""
        for ended in [one for one in self._timers if one.is_closing()]:
            self.release(ended)
        if len(self._timers) >= self._limit:
            self._turn_out(next(iter(self._timers)))
        timer = asyncio.get_running_loop().call_later(self._stay_s, self._turn_out, transport)
        self._timers[transport] = timer

    def release(self, transport: asyncio.Transport) -> None:
        """Let a connection go, unharmed."""
        timer = self._timers.pop(transport, None)
        if timer is not None:
            timer.cancel()

    def close(self) -> None:
        """Turn everybody out."""
        for transport in list(self._timers):
            self._turn_out(transport)

    def _turn_out(self, transport: asyncio.Transport) -> None:
        self.release(transport)
        transport.abort()
