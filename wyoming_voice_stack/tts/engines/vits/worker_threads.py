"""A thread pool that computes the windows of one decoding step in parallel."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import numpy.typing as npt

from wyoming_voice_stack.machine.checked_executor import CheckedExecutor
from wyoming_voice_stack.tts.engines.vits.windows import Window

Tensor = npt.NDArray[Any]
Work = Callable[[Window], Tensor]


class Workers(Protocol):
    """Threads that compute windows in parallel."""

    count: int
    """How many threads there are, the caller included."""

    def map(self, work: Work, windows: Sequence[Window]) -> Iterable[Tensor]:
        """Compute all windows and return the results in order; after an error start no more."""
        ...


class _CallerOnly:
    count = 1

    def map(self, work: Work, windows: Sequence[Window]) -> Iterable[Tensor]:
        return map(work, windows)


CALLER_ONLY: Workers = _CallerOnly()
"""No thread besides the caller's."""


class _CallerAndPool:
    def __init__(self, pool: CheckedExecutor, pool_threads: int) -> None:
        self._pool = pool
        self.count = 1 + pool_threads

    def map(self, work: Work, windows: Sequence[Window]) -> Iterable[Tensor]:
        remaining = enumerate(windows)
        results: dict[int, Tensor] = {}

        def run() -> None:
            try:
                for number, window in remaining:
                    results[number] = work(window)
            finally:
                # After an error, no thread starts another window.
                deque(remaining, maxlen=0)

        tasks = [self._pool.submit(run) for _ in range(1, min(self.count, len(windows)))]
        run()
        for task in tasks:
            # A task that has not started by now has nothing left to do.
            if not task.cancel():
                task.result()
        return [results[number] for number in range(len(windows))]


@contextmanager
def worker_threads(count: int) -> Iterator[Workers]:
    """Within the block, `count` threads besides the caller's; starting them takes under 0.1 ms."""
    if count < 1:
        yield CALLER_ONLY
        return
    with CheckedExecutor(count, "vits-worker") as pool:
        yield _CallerAndPool(pool, count)
