"""Work that other threads take over if they get to it in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import TypeVar

from wyoming_voice_stack.machine.checked_executor import CheckedExecutor

T = TypeVar("T")


class SideTasks:
    """Starts tasks in an executor; without one, each is done when its result is wanted."""

    def __init__(self, executor: Executor | None = None) -> None:
        self._executor = executor

    def begin(self, work: Callable[[], T]) -> Callable[[], T]:
        """Begin a task; the returned function waits for its result, and does it if no thread has begun."""
        if self._executor is None:
            return work
        future = self._executor.submit(work)

        def result() -> T:
            return work() if future.cancel() else future.result()

        return result


@contextmanager
def side_tasks(threads: int) -> Iterator[SideTasks]:
    """Within the block, `threads` threads besides the caller's."""
    if threads < 1:
        yield SideTasks()
        return
    with CheckedExecutor(threads, "kokoro-worker") as pool:
        yield SideTasks(pool)
