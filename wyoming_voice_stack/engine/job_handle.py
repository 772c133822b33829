"""A handle on one job: submitted now, its result fetched later."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeAlias, TypeVar

from wyoming_voice_stack.engine.queue import Job, JobQueue, Priority
from wyoming_voice_stack.engine.queueing.fair_order import Flow
from wyoming_voice_stack.engine.queueing.job import NO_COST, JobCost
from wyoming_voice_stack.errors import Abandoned, DeadlineExceeded, VoiceStackError

Result = TypeVar("Result")
Wanted: TypeAlias = Callable[[], bool]
"""Returns False once no client waits for the result."""


def require_wanted(wanted: Wanted) -> None:
    """Check that the result is still wanted.

    Raises:
        Abandoned: no client waits for it.
    """
    if not wanted():
        raise Abandoned


class JobHandle(Generic[Result]):
    """One job in the queue, and its result once there is one. Used from its event loop."""

    def __init__(
        self,
        queue: JobQueue,
        run: Callable[[Any, list[Job]], None],
        priority: Priority,
        *,
        item: object = None,
        batch_key: Hashable | None = None,
        cost: JobCost = NO_COST,
        flow: Flow | None = None,
        admitted: bool = False,
        max_wait_s: float,
        timeout_message: Callable[[], str],
    ) -> None:
        """Queue the job.

        Raises:
            Busy: the queue is full.
            ShuttingDown: the worker stops.
        """
        self._queue = queue
        self._max_wait_s = max_wait_s
        self._timeout_message = timeout_message
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._results: list[Result] = []
        self._error: VoiceStackError | None = None
        self._job = Job(
            priority=priority,
            number=queue.next_number(),
            run=run,
            fail=self.fail,
            batch_key=batch_key,
            item=item,
            set_result=self.set_result,
            cost=cost,
            flow=flow,
        )
        queue.put(self._job, admitted=admitted)

    @property
    def started(self) -> bool:
        """True once the engine works on the job."""
        return self._job.started.is_set()

    @property
    def done(self) -> bool:
        """True once there is a result or an error."""
        return self._arrived.is_set()

    @property
    def failed(self) -> bool:
        """True once there is an error."""
        return self._error is not None

    def result(self) -> Result:
        """Return the result of a job that is done.

        Raises:
            VoiceStackError: what the job raised.
        """
        if self._error is not None:
            raise self._error
        return self._results[0]

    def cancel(self) -> None:
        """Cancel the job: it never starts, or is asked to stop. It counts as failed."""
        if not self.done:
            self._queue.cancel(self._job)
            self._settle_error(self._queue.cancellation_error())

    async def wait(self) -> Result:
        """Give the job the priority of a final one and wait for its result; cancelling cancels it.

        Raises:
            DeadlineExceeded: it did not start in time.
            Abandoned: it was cancelled.
            VoiceStackError: what the job raised.
        """
        if not self.done:
            self._queue.promote(self._job)
        deadline = self._loop.call_later(self._max_wait_s, self._time_out)
        try:
            await self._arrived.wait()
        finally:
            deadline.cancel()
            self.cancel()
        return self.result()

    def set_result(self, result: Result) -> None:
        """Hand over the result, from the engine's thread."""
        self._call(self._settle, result)

    def fail(self, error: VoiceStackError) -> None:
        """Hand over an error, from any thread."""
        self._call(self._settle_error, error)

    def _settle(self, result: Result) -> None:
        if not self.done:
            self._results.append(result)
            self._arrived.set()
            # It may be large, and the handle is kept for the result.
            self._job.item = None

    def _settle_error(self, error: VoiceStackError) -> None:
        if not self.done:
            self._error = error
            self._arrived.set()

    def _time_out(self) -> None:
        if not self._job.started.is_set():
            self._queue.cancel(self._job)
            self._settle_error(DeadlineExceeded(self._timeout_message()))

    def _call(self, function: Callable[..., None], value: object) -> None:
        # The loop may be closed already when a process stops in the middle of a job.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, value)
