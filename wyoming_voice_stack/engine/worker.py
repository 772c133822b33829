"""An engine, the threads that run it, and the bounded queue in front of it.

Each thread is a lane: it runs one call at a time, finals before guesses. Most engines have one
lane. A job whose client has gone is dropped before it starts, or between two results.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import partial
from typing import Any, Generic, TypeVar

from wyoming_voice_stack.engine.idle_policy import IdlePolicy
from wyoming_voice_stack.engine.job_handle import JobHandle, Wanted
from wyoming_voice_stack.engine.lifecycle import Engine, EngineLifecycle
from wyoming_voice_stack.engine.queue import Capacity, Job, JobQueue, Priority
from wyoming_voice_stack.engine.result_stream import ResultStream
from wyoming_voice_stack.engine.status import EngineState
from wyoming_voice_stack.errors import (
    Abandoned,
    EngineError,
    ShuttingDown,
    VoiceStackError,
    redacted_traceback,
)
from wyoming_voice_stack.metrics import Metrics

_LOGGER = logging.getLogger(__name__)

MAX_WAIT_SECONDS = 120.0
"""How long a request waits for its turn, or for the engine to load."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class Worker(Generic[Engine]):
    """Runs jobs on one engine. Start and stop it from the event loop that uses it."""

    def __init__(
        self,
        name: str,
        load: Callable[[], Engine],
        *,
        max_queued: int,
        metrics: Metrics,
        max_wait_s: float = MAX_WAIT_SECONDS,
        threads: int = 1,
        capacity: Callable[[Engine], Capacity] = lambda _: Capacity(),
        rest: IdlePolicy | None = None,
        smaller: str = "",
    ) -> None:
        """`smaller` is what to do where memory does not suffice, as a part of a sentence."""
        self.name = name
        self._max_wait_s = max_wait_s
        self._capacity_of = capacity
        self._rest = rest or IdlePolicy()
        self._queue = JobQueue(name, max_queued)
        self._slot = EngineLifecycle(name, load, metrics, smaller=smaller)
        self._threads = [
            threading.Thread(
                target=self._work, args=(lane == 0,), name=f"engine-{name}-{lane}", daemon=True
            )
            for lane in range(threads)
        ]
        metrics.queue_depth.labels(name).set_function(lambda: len(self._queue))

    @property
    def state(self) -> EngineState:
        """Idle before the first load, then loading, ready or failed."""
        return self._slot.state

    @property
    def error(self) -> VoiceStackError | None:
        """Why the engine cannot work, while `state` is failed."""
        return self._slot.error

    @property
    def engine(self) -> Engine | None:
        """The engine once it is loaded. Read its facts only: its threads own it."""
        return self._slot.engine

    @property
    def loads(self) -> int:
        """How often the engine was loaded so far."""
        return self._slot.loads

    def start(self, *, load_now: bool) -> None:
        """Start the threads; without `load_now` the first job loads the engine."""
        if load_now:
            self._slot.state = "loading"
        for thread in self._threads:
            thread.start()

    async def run(
        self, job: Callable[[Engine], Result], priority: Priority = Priority.FINAL
    ) -> Result:
        """Run `job` in an engine's thread; cancelling drops it.

        Raises:
            Busy: the queue is full.
            DeadlineExceeded: the job did not start in time.
            ShuttingDown: the worker stops.
            VoiceStackError: what the job raised, or why the engine cannot be loaded.
        """
        results = self.stream(lambda engine: iter((job(engine),)), priority)
        try:
            return await anext(results)
        finally:
            results.close()

    def stream(
        self,
        job: Callable[[Engine], Iterator[Result]],
        priority: Priority = Priority.FINAL,
        *,
        admitted: bool = False,
    ) -> ResultStream[Result]:
        """Have `job` iterated over in an engine's thread. Whoever calls this closes the stream.

        An `admitted` job goes on with a request that was taken before: a full queue does not refuse
        it. Connections bound how many of these there are.

        Raises:
            Busy: the queue is full.
            ShuttingDown: the worker stops.
        """
        return ResultStream(
            self._queue,
            job,
            priority,
            admitted=admitted,
            max_wait_s=self._max_wait_s,
            overdue=self._overdue,
        )

    def can_accept(self, priority: Priority) -> bool:
        """Whether the engine has nothing better to do than a guess or a draft."""
        return priority is Priority.FINAL or self._queue.can_accept(priority)

    def submit(
        self,
        item: Item,
        together: Callable[[Engine, Sequence[Item], Wanted], Sequence[Result]],
        priority: Priority,
    ) -> JobHandle[Result]:
        """Have `item` done along with others that wait, in one call of `together`.

        Raises:
            Busy: the queue is full.
            ShuttingDown: the worker stops.
        """
        ticket: JobHandle[Result] = JobHandle(self._queue, self._max_wait_s, self._overdue)
        job = Job(
            priority=priority,
            number=self._queue.next_number(),
            run=partial(self._run_together, together),
            fail=ticket.fail,
            # Drafts stay alone: who waits shall not wait for their end.
            kind=None if priority is Priority.PARTIAL else together,
            item=(item, ticket.deliver),
        )
        ticket.holds(job)
        self._queue.put(job)
        return ticket

    def tidy_up_soon(self) -> None:
        """Tidy up as soon as nothing is left to do: somebody has got what there was to get."""
        self._rest.soon()
        self._queue.nudge()

    async def stop(self, timeout_s: float) -> bool:
        """End the threads: what waits is refused, what runs is asked to stop.

        Returns False if the engine was still inside a call after `timeout_s`.
        """
        for job in self._queue.close():
            job.fail(ShuttingDown())
        started = [thread for thread in self._threads if thread.ident is not None]
        await asyncio.to_thread(_join, started, timeout_s)
        return not any(thread.is_alive() for thread in started)

    def _overdue(self) -> str:
        reason = "is still loading" if self.state == "loading" else "is busy"
        waited = f"the request waited {self._max_wait_s:g} s"
        return f"{self.name} {reason}; {waited}. Ask again later."

    def _capacity(self) -> Capacity:
        engine = self._slot.engine
        return self._capacity_of(engine) if engine is not None else Capacity()

    def _work(self, first_lane: bool) -> None:
        if first_lane and self._slot.state == "loading":
            self._run_taken([])
        # Any lane may see the engine fail, and wakes up to load it anew.
        while (batch := self._queue.take(self._capacity, self._until_next_s())) is not None:
            if batch or self._slot.until_retry_s is not None:
                self._run_taken(batch)
            self._queue.finish(batch)
            if self._queue.idle:
                self._rest_a_while()
        self._slot.leave_for_good(last_of=len(self._threads))

    def _run_taken(self, batch: list[Job]) -> None:
        known = self._slot.engine
        with self._slot.using() as engine:
            if engine is not known:
                # Other lanes wait by what the engine before could do.
                self._queue.capacity_changed()
            self._run_batch(batch, engine)
        self._rest.worked(untidy=bool(batch))

    def _until_next_s(self) -> float | None:
        waits = (
            self._slot.until_retry_s,
            self._rest.until_next_s(loaded=self._slot.engine is not None),
        )
        return min((wait for wait in waits if wait is not None), default=None)

    def _rest_a_while(self) -> None:
        if self._rest.unload_due and self._slot.unload_unless_used():
            self._rest.given_up()
        elif self._slot.engine is None:
            self._rest.soon()
        self._rest.tidy_up_at_times()

    def _run_batch(self, taken: list[Job], engine: Engine | None) -> None:
        batch = [job for job in taken if not job.dropped.is_set()]
        for job in taken:
            if job not in batch:
                job.fail(self._queue.refusal())
        if not batch:
            return
        if engine is None:
            reason = self._slot.error or EngineError(f"{self.name} is not loaded.")
            for job in batch:
                # Each raise adds frames to an error: one that is kept gathers those of all clients.
                job.fail(copy(reason))
            return
        for job in batch:
            job.started.set()
        error = self._try_to_run(batch, engine)
        if error is None:
            self._slot.succeeded()
        else:
            self._recover(batch, engine, error)

    def _recover(self, batch: list[Job], engine: Engine, error: VoiceStackError) -> None:
        if isinstance(error, Abandoned):
            for job in batch:
                self._queue.put_back(job)
        elif len(batch) > 1:  # one of them may have spoilt it for all
            for job in batch:
                self._run_batch([job], engine)
        else:
            self._fail(batch[0], error)

    def _try_to_run(self, batch: list[Job], engine: Engine) -> VoiceStackError | None:
        try:
            batch[0].run(engine, batch)
        except VoiceStackError as error:
            return error
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the engine's boundary
            kind = type(error).__name__
            failure = EngineError(f"{self.name} failed ({kind}); see the server's log.")
            failure.__cause__ = error
            return failure
        return None

    def _fail(self, job: Job, error: VoiceStackError) -> None:
        error = self._slot.explained(error)
        if error.__cause__ is not None:
            _LOGGER.error(
                "%s failed on a request: %s", self.name, redacted_traceback(error.__cause__)
            )
        stopped = self._queue.closed and job.dropped.is_set()
        job.fail(ShuttingDown() if stopped else error)
        self._slot.failed(error)

    def _run_together(
        self,
        together: Callable[[Engine, Sequence[Any], Wanted], Sequence[Any]],
        engine: Engine,
        batch: list[Job],
    ) -> None:
        def wanted() -> bool:
            dropped = all(job.dropped.is_set() for job in batch)
            return not (dropped or self._queue.gives_way(batch))

        results = together(engine, [job.item[0] for job in batch], wanted)
        for job, result in zip(batch, results, strict=True):
            job.item[1](result)


def _join(threads: Sequence[threading.Thread], timeout_s: float) -> None:
    ends_at = time.monotonic() + timeout_s
    for thread in threads:
        thread.join(max(0.0, ends_at - time.monotonic()))
