"""What an engine's threads do when nothing is left to do: tidy up, and give the engine's memory back."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

TIDY_UP_SECONDS = 2.0
"""Least time between two calls of `tidy_up`, unless `soon` was called."""
RECHECK_SECONDS = 1.0
"""Once the engine is to be given up and something still runs: how often to look again."""


class IdlePolicy:
    """Keeps the times; shared by the threads of one engine."""

    def __init__(
        self,
        tidy_up: Callable[[], None] = lambda: None,
        unload_after_s: float | None = None,
        *,
        tidy_up_after_s: float = 0.0,
    ) -> None:
        """Tidy up once nothing was done for `tidy_up_after_s`, or as soon as `soon` was called."""
        self.tidy_up = tidy_up
        self._unload_after_s = unload_after_s
        self._tidy_up_after_s = tidy_up_after_s
        self._lock = threading.Lock()
        self._untidy = self._soon = False
        self._tidied_at = -math.inf
        self._worked_at = time.monotonic()

    def worked(self, *, untidy: bool) -> None:
        """Note that something was done just now, and whether there is to be tidied up after it."""
        with self._lock:
            self._untidy = self._untidy or untidy
            self._worked_at = time.monotonic()

    def given_up(self) -> None:
        """Tidy up at the next opportunity: the engine's memory belongs to nobody any more."""
        with self._lock:
            self._untidy = self._soon = True

    def soon(self) -> None:
        """Tidy up at the next opportunity, if there is need to, however short a time ago that was done."""
        with self._lock:
            self._soon = True

    def until_next_s(self, *, loaded: bool) -> float | None:
        """How long until there may be something to do here; None if there is nothing."""
        with self._lock:
            waits = []
            quiet_s = time.monotonic() - self._worked_at
            if self._untidy:
                waits.append(max(TIDY_UP_SECONDS, self._tidy_up_after_s - quiet_s))
            if loaded and self._unload_after_s is not None:
                waits.append(max(RECHECK_SECONDS, self._unload_after_s - quiet_s))
            return min(waits, default=None)

    def tidy_up_at_times(self) -> None:
        """Tidy up, if there is something, nothing was done for long enough, and not a moment ago."""
        now = time.monotonic()
        with self._lock:
            over = now - self._tidied_at >= TIDY_UP_SECONDS
            quiet = now - self._worked_at >= self._tidy_up_after_s
            due = self._untidy and (self._soon or (over and quiet))
            self._soon = False
            if due:
                self._tidied_at, self._untidy = now, False
        if due:
            self.tidy_up()

    @property
    def unload_due(self) -> bool:
        """True once nothing was done for so long that the engine is better given up."""
        with self._lock:
            if self._unload_after_s is None:
                return False
            return time.monotonic() - self._worked_at >= self._unload_after_s
