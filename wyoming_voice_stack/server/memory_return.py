"""Returns the memory of what clients sent to the system, some seconds after they have left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from wyoming_voice_stack.machine.memory import return_freed_memory

RECEIVED_BYTES = 8 * 1024 * 1024
"""Received bytes after which it is worth the time: less leaves no gaps in the heap that matter."""
DELAY_SECONDS = 2.0
"""Time for the connections of the same client to end, too."""


class MemoryReturn:
    """Counts what connections received, and returns memory after they have ended."""

    def __init__(self, return_memory: Callable[[], None] = return_freed_memory) -> None:
        self._return_memory = return_memory
        self._received = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_ended(self, received_bytes: int) -> None:
        """Note that a connection has ended, which received so many bytes."""
        self._received += received_bytes
        if self._received >= RECEIVED_BYTES and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY_SECONDS, self._run)

    def close(self) -> None:
        """Return nothing any more: the server stops."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _run(self) -> None:
        self._received, self._timer = 0, None
        self._return_memory()
