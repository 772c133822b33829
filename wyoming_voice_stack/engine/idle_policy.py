"""What an engine's threads do while there are no jobs: clean up memory, and unload the engine."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Protocol

CLEANUP_INTERVAL_SECONDS = 2.0
"""Least time between two cleanups, unless one was requested."""
RECHECK_SECONDS = 1.0
"""How often to check again whether an engine that is due to be unloaded is still in use."""


class Unloadable(Protocol):
    """An engine that may be unloaded."""

    @property
    def engine(self) -> object | None:
        """The engine; None while it is not loaded."""
        ...

    def unload_unless_used(self) -> bool:
        """Unload it unless a thread uses it; returns whether it was unloaded."""
        ...


class IdlePolicy:
    """Knows when a cleanup or an unload is due. Shared by the threads of one engine."""

    def __init__(
        self,
        clean_up: Callable[[], None] = lambda: None,
        unload_after_s: float | None = None,
        *,
        clean_up_after_s: float = 0.0,
    ) -> None:
        """Clean up after `clean_up_after_s` seconds without activity, or at once when requested."""
        self.clean_up = clean_up
        self._unload_after_s = unload_after_s
        self._clean_up_after_s = clean_up_after_s
        self._lock = threading.Lock()
        self._needs_cleanup = False
        self._requested = False
        self._cleaned_up_at = -math.inf
        self._active_at = time.monotonic()

    def note_activity(self, *, needs_cleanup: bool) -> None:
        """Note that the engine did something just now, and whether that calls for a cleanup."""
        with self._lock:
            self._needs_cleanup = self._needs_cleanup or needs_cleanup
            self._active_at = time.monotonic()

    def note_unload(self) -> None:
        """Note that the engine was unloaded: its memory is cleaned up at the next opportunity."""
        with self._lock:
            self._needs_cleanup = self._requested = True

    def request_cleanup(self) -> None:
        """Clean up at the next opportunity, if there is need, however recent the last cleanup is."""
        with self._lock:
            self._requested = True

    def next_check_s(self, *, loaded: bool) -> float | None:
        """Seconds until something may be due; None if nothing will be."""
        with self._lock:
            waits = []
            idle_s = time.monotonic() - self._active_at
            if self._needs_cleanup:
                waits.append(max(CLEANUP_INTERVAL_SECONDS, self._clean_up_after_s - idle_s))
            if loaded and self._unload_after_s is not None:
                waits.append(max(RECHECK_SECONDS, self._unload_after_s - idle_s))
            return min(waits, default=None)

    def apply_to(self, lifecycle: Unloadable) -> None:
        """Unload the engine if that is due, and clean up; for a thread that has no job."""
        if self.unload_due and lifecycle.unload_unless_used():
            self.note_unload()
        elif lifecycle.engine is None:
            self.request_cleanup()
        self.clean_up_if_due()

    def clean_up_if_due(self) -> None:
        """Clean up if there is need, and either it was requested or the engine was idle for long enough."""
        now = time.monotonic()
        with self._lock:
            interval_over = now - self._cleaned_up_at >= CLEANUP_INTERVAL_SECONDS
            idle = now - self._active_at >= self._clean_up_after_s
            due = self._needs_cleanup and (self._requested or (interval_over and idle))
            self._requested = False
            if due:
                self._cleaned_up_at, self._needs_cleanup = now, False
        if due:
            self.clean_up()

    @property
    def unload_due(self) -> bool:
        """True once the engine has been idle for so long that it is to be unloaded."""
        with self._lock:
            if self._unload_after_s is None:
                return False
            return time.monotonic() - self._active_at >= self._unload_after_s
