"""How far a reply is ahead of its being heard: what tells whose sound is needed soonest."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable


class PlaybackBuffer:
    """One reply's sound, as if it were played from its first piece on without a stop.

    May be used from any thread.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._began_at: float | None = None
        self._made_s = 0.0
        self._held_s = 0.0

    def add(self, seconds: float) -> None:
        """Say that so much more sound is there."""
        with self._lock:
            if self._began_at is None:
                self._began_at = self._clock()
            self._made_s += seconds

    def hold(self, seconds: float) -> None:
        """Say how much of all that was made cannot be heard: silence that waits, or was dropped.

        Less than nothing where pauses were put between what was made.
        """
        with self._lock:
            self._held_s = seconds

    @property
    def ahead_s(self) -> float:
        """Sound that is there and not heard yet; negative in a gap, `-inf` before the first piece."""
        with self._lock:
            if self._began_at is None:
                return -math.inf
            return self._made_s - self._held_s - (self._clock() - self._began_at)
