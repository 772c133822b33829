"""How far a reply is ahead of its being heard: what tells whose sound is needed soonest."""

from __future__ import annotations

import math
import threading
import time


class Playback:
    """One reply's sound, as if it were played from its first piece on without a stop.

    May be used from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began_at: float | None = None
        self._made_s = 0.0

    def add(self, seconds: float) -> None:
        """Say that so much more sound is there."""
        with self._lock:
            if self._began_at is None:
                self._began_at = time.monotonic()
            self._made_s += seconds

    @property
    def ahead_s(self) -> float:
        """Sound that is there and not heard yet; negative in a gap, `-inf` before the first piece."""
        with self._lock:
            if self._began_at is None:
                return -math.inf
            return self._made_s - (time.monotonic() - self._began_at)
