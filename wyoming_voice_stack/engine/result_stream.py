"""A job with several results, taken one by one as the engine produces them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from wyoming_voice_stack.engine.channel import Channel
from wyoming_voice_stack.engine.queue import Job, JobQueue, Priority
from wyoming_voice_stack.engine.queueing.job import JobCost
from wyoming_voice_stack.errors import Busy, DeadlineExceeded, ShuttingDown

STEP_LIMIT_S = 600.0
"""Time after which the engine counts as stuck, from one result of a job to the next. It includes the
wait for replies that have less audio in hand."""

Result = TypeVar("Result")


class ResultStream(Generic[Result]):
    """One job in the queue and its results. Used from its event loop, by one coroutine.

    Once started, the job works ahead by up to `channel.MAX_UNREAD_ITEMS` results, whether or not
    any is taken, unless it is suspended. The code that opens a stream closes it.
    """

    def __init__(
        self,
        queue: JobQueue,
        job: Callable[[Any], Iterator[Result]],
        priority: Priority,
        *,
        admitted: bool,
        due: float,
        max_wait_s: float,
        timeout_message: Callable[[], str],
    ) -> None:
        loop = asyncio.get_running_loop()
        self._queue = queue
        self._channel: Channel[Result] = Channel(loop)
        self._timeout_message = timeout_message
        self._results: Iterator[Result] | None = None
        self._engine: Any = None
        self._lock = threading.Lock()
        self._must_suspend = False
        self._is_suspended = False
        self._job = Job(
            priority=priority,
            number=queue.next_number(),
            run=lambda engine, _: self._drive(engine, job),
            fail=self._channel.end,
            cost=JobCost(limit_s=STEP_LIMIT_S),
            due=due,
        )
        queue.put(self._job, admitted=admitted)
        self._deadline = loop.call_later(max_wait_s, self._time_out)

    def __aiter__(self) -> ResultStream[Result]:
        return self

    async def __anext__(self) -> Result:
        """Wait for the next result.

        Raises:
            DeadlineExceeded: the job did not start in time.
            ShuttingDown: the worker stops.
            VoiceStackError: what the job raised, or why the engine cannot be loaded.
        """
        item = await self._channel.take()
        if item is None:
            raise StopAsyncIteration
        return item[0]

    @property
    def waits_for_resume(self) -> bool:
        """True if the job is suspended, or will be, and all its results so far were taken."""
        return self._must_suspend and not self._channel.readable

    def suspend(self) -> None:
        """Stop the job between two results; its lane is free for others until `resume`."""
        with self._lock:
            self._must_suspend = True

    def resume(self, due: float = 0.0) -> None:
        """Continue the job; its next result is needed at `due`, by `time.monotonic`."""
        with self._lock:
            self._must_suspend = False
            if self._is_suspended:
                self._is_suspended = False
                self._queue.resume(self._job, due)

    def close(self) -> None:
        """Cancel the job: it never starts, or stops between two results."""
        self._deadline.cancel()
        with self._lock:
            self._queue.cancel(self._job)
            if self._is_suspended:
                self._is_suspended = False
                self._close_results()
        self._channel.close()

    def _time_out(self) -> None:
        if not self._job.started.is_set():
            self._job.fail(DeadlineExceeded(self._timeout_message()))
            self._queue.cancel(self._job)

    def _drive(self, engine: Any, job: Callable[[Any], Iterator[Result]]) -> None:
        """Runs in an engine's thread, again after each suspension."""
        suspended = False
        try:
            while not (suspended := self._suspend_if_asked()):
                result = self._next(self._begin(engine, job))
                if result is None or self._job.cancelled.is_set():
                    break
                if not self._channel.put(result[0]):
                    break
        finally:
            if not suspended:
                self._close_results()
        if suspended:
            return
        self._job.note_success()
        stopped = self._queue.closed and self._job.cancelled.is_set()
        self._channel.end(ShuttingDown() if stopped else None)

    def _begin(self, engine: Any, job: Callable[[Any], Iterator[Result]]) -> Iterator[Result]:
        if self._results is None:
            self._engine, self._results = engine, job(engine)
        elif engine is not self._engine:
            raise Busy("The model was reloaded during the request. Try again.")
        return self._results

    def _suspend_if_asked(self) -> bool:
        with self._lock:
            if not self._must_suspend or self._job.cancelled.is_set():
                return False
            self._is_suspended = True
            self._queue.suspend(self._job)
            return True

    def _close_results(self) -> None:
        results, self._results, self._engine = self._results, None, None
        if (close := getattr(results, "close", None)) is not None:
            close()

    def _next(self, results: Iterator[Result]) -> tuple[Result] | None:
        # The time until the client takes a result is not the engine's.
        self._job.busy_since = time.monotonic()
        try:
            return (next(results),)
        except StopIteration:
            return None
        finally:
            self._job.busy_since = None
