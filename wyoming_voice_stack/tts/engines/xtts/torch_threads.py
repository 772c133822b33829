"""Who computes with how many of torch's threads, where two compute at the same time.

Importing this imports torch.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def use_threads(count: int) -> None:
    """Let torch compute with so many threads where this one calls it; others keep theirs."""
    # The first question of a thread gives it what was last set anywhere, so it is asked before.
    torch.get_num_threads()
    torch.set_num_threads(count)


class Cores:
    """Shares `count` threads of torch: all for whoever computes alone, half for each of two.

    A step for one sentence reads all weights and waits for memory most of the time: one thread
    takes as long as two. So what the other core does meanwhile costs next to nothing.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._lock = threading.Lock()
        self._at_work = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Compute within this; how many there are is told at its beginning."""
        with self._lock:
            self._at_work += 1
            alone = self._at_work == 1
        use_threads(self.count if alone else max(1, self.count // 2))
        try:
            yield
        finally:
            with self._lock:
                self._at_work -= 1
            # What a new thread of anybody begins with.
            use_threads(self.count)
