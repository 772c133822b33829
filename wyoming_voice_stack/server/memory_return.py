"""Returns the memory of what clients sent to the system, some seconds after they have left."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from wyoming_voice_stack.machine.memory import return_received_memory

_LOGGER = logging.getLogger(__name__)

RECEIVED_BYTES = 8 * 1024 * 1024
"""Received bytes after which it is worth the time: less leaves no gaps in the heap that matter."""
LATE_BYTES = 256 * 1024
"""The same while the connections of a client end: each of the last ones may have received little."""
DELAY_SECONDS = 2.0
"""Time for the connections of the same client to end, too."""
MAX_CLOSE_SECONDS = 5.0
"""Longest wait for the thread when the server stops."""


class MemoryReturn:
    """Counts what connections received, and returns memory after they have ended. Used from one event loop."""

    def __init__(self, return_memory: Callable[[], None] = return_received_memory) -> None:
        self._return_memory = return_memory
        self._received = 0
        self._late = 0
        """What connections received that ended since the last return was due to begin."""
        self._timer: asyncio.TimerHandle | None = None
        self._returning: asyncio.Future[None] | None = None
        self._failed = False

    def connection_ended(self, received_bytes: int) -> None:
        """Note that a connection has ended, which received so many bytes."""
        if self._timer is not None:
            self._late += received_bytes
            return
        self._received += received_bytes
        if self._received >= RECEIVED_BYTES:
            self._start()

    async def close(self) -> None:
        """Return nothing any more, and wait for the thread that still does: the server stops."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._returning is not None:
            await asyncio.wait({self._returning}, timeout=MAX_CLOSE_SECONDS)

    def _start(self) -> None:
        self._received = self._late = 0
        self._timer = asyncio.get_running_loop().call_later(DELAY_SECONDS, self._run)

    def _run(self) -> None:
        self._timer = None
        if self._returning is not None:
            # Another thread would only wait for the same lock of the C library.
            self._start()
            return
        # The system takes milliseconds for each hundred megabytes, in which the event loop can go on.
        self._returning = asyncio.get_running_loop().run_in_executor(None, self._return_memory)
        self._returning.add_done_callback(self._returned)
        # Jobs of the connections that ended last may still have held memory of theirs.
        if self._late >= LATE_BYTES:
            self._start()

    def _returned(self, returning: asyncio.Future[None]) -> None:
        self._returning = None
        if returning.cancelled() or (error := returning.exception()) is None or self._failed:
            return
        self._failed = True
        _LOGGER.error(
            "The memory of what clients sent is not returned to the system; this is logged once.",
            exc_info=error,
        )
