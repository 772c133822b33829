"""What is asked of an engine now and fetched later."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Generic, TypeAlias, TypeVar

from wyoming_voice_stack.engine.queue import Job, JobQueue
from wyoming_voice_stack.errors import DeadlineExceeded, VoiceStackError

Result = TypeVar("Result")
Wanted: TypeAlias = Callable[[], bool]
"""Returns False once no client waits for the result."""


class JobHandle(Generic[Result]):
    """One job's place in the line, and its result when it has one. Used from its event loop."""

    def __init__(self, queue: JobQueue, max_wait_s: float, overdue: Callable[[], str]) -> None:
        self._queue = queue
        self._max_wait_s = max_wait_s
        self._overdue = overdue
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._results: list[Result] = []
        self._error: VoiceStackError | None = None
        self._job: Job | None = None

    def holds(self, job: Job) -> None:
        """Say which job it stands for."""
        self._job = job

    @property
    def started(self) -> bool:
        """True once the engine works on it."""
        return self._job is not None and self._job.started.is_set()

    @property
    def done(self) -> bool:
        """True once there is a result or an error."""
        return self._arrived.is_set()

    @property
    def failed(self) -> bool:
        """True once there is an error."""
        return self._error is not None

    def result(self) -> Result:
        """Give the result of what is done.

        Raises:
            VoiceStackError: what the job raised.
        """
        if self._error is not None:
            raise self._error
        return self._results[0]

    def drop(self) -> None:
        """Want it no more: it never starts, or is asked to stop. It counts as failed."""
        if self._job is not None and not self.done:
            self._queue.drop(self._job)
            self._refuse(self._queue.refusal())

    async def wait(self) -> Result:
        """Have it done before all guesses, and wait for it; cancelling drops it.

        Raises:
            DeadlineExceeded: it did not start in time.
            Abandoned: it was dropped.
            VoiceStackError: what the job raised.
        """
        if self._job is not None and not self.done:
            self._queue.promote(self._job)
        overdue = self._loop.call_later(self._max_wait_s, self._give_up)
        try:
            await self._arrived.wait()
        finally:
            overdue.cancel()
            self.drop()
        return self.result()

    def deliver(self, result: Result) -> None:
        """Hand the result over, from the engine's thread."""
        self._call(self._settle, result)

    def fail(self, error: VoiceStackError) -> None:
        """Hand an error over, from any thread."""
        self._call(self._refuse, error)

    def _settle(self, result: Result) -> None:
        if not self.done:
            self._results.append(result)
            self._arrived.set()

    def _refuse(self, error: VoiceStackError) -> None:
        if not self.done:
            self._error = error
            self._arrived.set()

    def _give_up(self) -> None:
        if self._job is not None and not self._job.started.is_set():
            self._queue.drop(self._job)
            self._refuse(DeadlineExceeded(self._overdue()))

    def _call(self, function: Callable[..., None], value: object) -> None:
        # The loop may be closed already when a process stops in the middle of a job.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, value)
