"""A job with several results, taken one by one as the engine produces them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from wyoming_voice_stack.engine.channel import Channel
from wyoming_voice_stack.engine.queue import Job, JobQueue, Priority
from wyoming_voice_stack.engine.queueing.job import JobCost
from wyoming_voice_stack.errors import DeadlineExceeded, ShuttingDown

STEP_LIMIT_S = 600.0
"""Time after which the engine counts as stuck, from one result of a job to the next. It includes the
wait for replies that have less audio in hand."""

Result = TypeVar("Result")


class ResultStream(Generic[Result]):
    """One job in the queue and its results. Used from its event loop, by one coroutine.

    Once started, the job works ahead by up to `channel.MAX_UNREAD_ITEMS` results, whether or not
    any is taken. The code that opens a stream closes it.
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
        self._job = Job(
            priority=priority,
            number=queue.next_number(),
            run=lambda engine, _: self._drive(job(engine)),
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

    def close(self) -> None:
        """Cancel the job: it never starts, or stops between two results."""
        self._deadline.cancel()
        self._queue.cancel(self._job)
        self._channel.close()

    def _time_out(self) -> None:
        if not self._job.started.is_set():
            self._job.fail(DeadlineExceeded(self._timeout_message()))
            self._queue.cancel(self._job)

    def _drive(self, results: Iterator[Result]) -> None:
        """Runs in the engine's thread."""
        try:
            while (result := self._next(results)) is not None:
                if self._job.cancelled.is_set() or not self._channel.put(result[0]):
                    break
        finally:
            if (close := getattr(results, "close", None)) is not None:
                close()
        self._job.note_success()
        stopped = self._queue.closed and self._job.cancelled.is_set()
        self._channel.end(ShuttingDown() if stopped else None)

    def _next(self, results: Iterator[Result]) -> tuple[Result] | None:
        # The time until the client takes a result is not the engine's.
        self._job.busy_since = time.monotonic()
        try:
            return (next(results),)
        except StopIteration:
            return None
        finally:
            self._job.busy_since = None
