"""Measures how much speech an engine generates for all replies together."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

INITIAL_SPEED = 1.0
"""Seconds of audio per second of computation, until it has been measured: that of an engine which speaks
one reply at a time."""
MEASURED_SECONDS = 3.0
"""Computation after which an engine may count as slower than real time: short first chunks cost more."""
MEMORY_SECONDS = 5.0
"""Seconds of computation after which a measurement has lost two thirds of its weight."""

_INITIAL_COMPUTE_S = 0.1
_MIN_COMPUTE_S = 1e-6


class SpeechRate:
    """The real-time factor of an engine under its present load. May be used from any thread.

    While several sentences are computed side by side, the time that passes is counted once.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._computing = 0
        self._counted_until = clock()
        self._pending_s = 0.0
        self._measured_s = 0.0
        self._audio_s = INITIAL_SPEED * _INITIAL_COMPUTE_S
        self._compute_s = _INITIAL_COMPUTE_S

    @property
    def speed(self) -> float:
        """Seconds of audio per second of computation."""
        with self._lock:
            speed = self._audio_s / self._compute_s
            return speed if self._measured_s >= MEASURED_SECONDS else max(INITIAL_SPEED, speed)

    @contextmanager
    def computing(self) -> Iterator[None]:
        """Count the time inside the block as computation."""
        with self._lock:
            self._count_time()
            self._computing += 1
        try:
            yield
        finally:
            with self._lock:
                self._count_time()
                self._computing -= 1

    def add(self, audio_s: float) -> None:
        """Count generated audio, in seconds."""
        with self._lock:
            self._count_time()
            self._measured_s += self._pending_s
            kept = math.exp(-self._pending_s / MEMORY_SECONDS)
            self._audio_s = self._audio_s * kept + audio_s
            self._compute_s = max(self._compute_s * kept + self._pending_s, _MIN_COMPUTE_S)
            self._pending_s = 0.0

    def _count_time(self) -> None:
        now = self._clock()
        if self._computing:
            self._pending_s += now - self._counted_until
        self._counted_until = now
