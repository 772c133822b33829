"""How much audio of a reply is still unplayed; tells the scheduler which reply needs audio soonest."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable


class PlaybackBuffer:
    """Estimates one reply's unplayed audio, as if it played without a stop from its first chunk on.

    May be used from any thread.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._started_at: float | None = None
        self._generated_s = 0.0
        self._withheld_s = 0.0

    def add(self, seconds: float) -> None:
        """Count newly generated audio."""
        with self._lock:
            if self._started_at is None:
                self._started_at = self._clock()
            self._generated_s += seconds

    def set_withheld(self, seconds: float) -> None:
        """Set how much of all generated audio the client has not been sent: silence held back or dropped.

        Negative if the pauses inserted between sentences are longer than what was dropped.
        """
        with self._lock:
            self._withheld_s = seconds

    @property
    def buffered_s(self) -> float:
        """Seconds of unplayed audio; negative during an underrun, `-inf` before the first chunk."""
        with self._lock:
            if self._started_at is None:
                return -math.inf
            return self._generated_s - self._withheld_s - (self._clock() - self._started_at)
