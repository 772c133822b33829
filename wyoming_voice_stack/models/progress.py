"""Reports how much of a model has been downloaded."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[int, int], None]
"""Receives how many bytes of a model there are, and how many it has; 0 if unknown."""

LINE_S = 30.0
"""Shortest time between two lines."""
BYTES_PER_MB = 1_000_000


def megabytes(size_bytes: int) -> str:
    """Return a size such as `1,617.9 MB`."""
    return f"{size_bytes / BYTES_PER_MB:,.1f} MB"


def progress_text(done_bytes: int, total_bytes: int) -> str:
    """Return a text such as `512.0 MB of 1,617.9 MB`; a total of 0 is unknown."""
    return megabytes(done_bytes) + (f" of {megabytes(total_bytes)}" if total_bytes else "")


class ProgressLines:
    """Writes a line from time to time, where there is no terminal for a progress bar."""

    def __init__(
        self, name: str, write: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._write = write
        self._clock = clock
        self._last = float("-inf")

    def __call__(self, done_bytes: int, total_bytes: int) -> None:
        """Write a line at first, and then if the last one was long enough ago."""
        if self._clock() - self._last < LINE_S:
            return
        self._last = self._clock()
        self._write(f"{self._name}: {progress_text(done_bytes, total_bytes)}")
