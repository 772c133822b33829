"""The number of threads that torch uses, where two of our threads compute at the same time.

Importing this imports torch.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def use_threads(count: int) -> None:
    """Let torch use `count` threads for computations that the calling thread starts."""
    # A thread's first query adopts the number last set in any thread, so it must come before.
    torch.get_num_threads()
    torch.set_num_threads(count)


@contextmanager
def computing_with(count: int) -> Iterator[None]:
    """Let torch use `count` threads within the block."""
    before = torch.get_num_threads()
    use_threads(count)
    try:
        yield
    finally:
        use_threads(before)


class ThreadBudget:
    """Divides `count` threads of torch: all for a single computation, half for each of two.

    A step for one sentence reads all weights and mostly waits for memory: one thread is as fast as two.
    So the vocoder's work on the other core costs next to nothing.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.half = max(1, count // 2)
        """What each of two computations gets."""
        self._lock = threading.Lock()
        self._active = 0

    @contextmanager
    def share(self) -> Iterator[None]:
        """Compute within the block; the number of threads is fixed at its beginning."""
        with self._lock:
            self._active += 1
            alone = self._active == 1
        use_threads(self.count if alone else self.half)
        try:
            yield
        finally:
            with self._lock:
                self._active -= 1
            # New threads start with the number that was set last.
            use_threads(self.count)
