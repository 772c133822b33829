"""An engine, the threads that run it, and the bounded queue in front of it.

Each thread is a lane: it runs one call at a time, final jobs before speculative ones. Most engines
have one lane. A job whose client disconnected is cancelled before it starts, or between two results.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Generic, TypeVar

from wyoming_voice_stack.background import BackgroundTask
from wyoming_voice_stack.engine.batch_runner import BatchRunner
from wyoming_voice_stack.engine.call_watch import CallWatch, end_process
from wyoming_voice_stack.engine.failure_policy import FailurePolicy
from wyoming_voice_stack.engine.idle_policy import IdlePolicy
from wyoming_voice_stack.engine.job_handle import JobHandle, Wanted
from wyoming_voice_stack.engine.lifecycle import EngineLifecycle
from wyoming_voice_stack.engine.loader import Engine, EngineLoader
from wyoming_voice_stack.engine.queue import Capacity, Job, JobQueue, Priority
from wyoming_voice_stack.engine.queueing.fair_order import Flow
from wyoming_voice_stack.engine.queueing.job import NO_COST, JobCost
from wyoming_voice_stack.engine.result_stream import ResultStream
from wyoming_voice_stack.engine.status import EngineState, Workload
from wyoming_voice_stack.errors import ShuttingDown, VoiceStackError
from wyoming_voice_stack.machine.checked_executor import start_thread
from wyoming_voice_stack.metrics import Metrics

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
        idle_policy: IdlePolicy | None = None,
        memory_advice: str = "",
        give_up: Callable[[], None] = end_process,
    ) -> None:
        """`memory_advice` is what to do where memory does not suffice, as a part of a sentence."""
        self.name = name
        self.max_queued = max_queued
        self._max_wait_s = max_wait_s
        self._capacity_of = capacity
        self._idle_policy = idle_policy or IdlePolicy()
        self._queue = JobQueue(name, max_queued)
        failures = FailurePolicy(name, memory_advice)
        self._loader = EngineLoader(name, load, metrics)
        self._lifecycle = EngineLifecycle(self._loader, failures)
        self._runner = BatchRunner(name, self._queue, self._lifecycle, failures)
        self._threads = [self._new_thread(lane) for lane in range(threads)]
        watch = CallWatch(
            name,
            self._queue,
            self._lifecycle,
            replace_thread=self._replace_thread,
            give_up=give_up,
        )
        self._watching = BackgroundTask(
            watch.run, name=f"watch {name}", on_failure="Calls that do not return stay unnoticed."
        )
        self._ended_threads = itertools.count(1)
        metrics.queue_depth.labels(name).set_function(lambda: len(self._queue))

    @property
    def state(self) -> EngineState:
        """Idle before the first load, then loading, ready, unloaded or failed."""
        return "failed" if self._lifecycle.stuck is not None else self._lifecycle.state

    @property
    def error(self) -> VoiceStackError | None:
        """Why the engine is not available, while `state` is failed."""
        return self._lifecycle.stuck or self._lifecycle.error

    @property
    def engine(self) -> Engine | None:
        """The engine while it is loaded. Only read its attributes: its threads own it."""
        return self._lifecycle.engine

    @property
    def device(self) -> str:
        """Device of the engine; the last known one while it is unloaded, empty before the first load."""
        return self._lifecycle.device

    @property
    def queued_requests(self) -> int:
        """Number of requests that wait for the engine to begin with them."""
        return self._queue.requests

    @property
    def queued_jobs(self) -> int:
        """Number of jobs that wait for the engine."""
        return len(self._queue)

    @property
    def workload(self) -> Workload:
        """What the engine works on, and what waits for it."""
        return self._queue.workload()

    @property
    def loads(self) -> int:
        """How often the engine was loaded so far."""
        return self._loader.loads

    def start(self, *, load_now: bool) -> None:
        """Start the threads; without `load_now` the first job loads the engine."""
        if load_now:
            self._lifecycle.state = "loading"
        for thread in self._threads:
            thread.start()
        self._watching.start()

    async def run(
        self, job: Callable[[Engine], Result], priority: Priority = Priority.FINAL
    ) -> Result:
        """Run `job` in an engine's thread; cancelling this call cancels the job.

        Raises:
            Busy: the queue is full.
            DeadlineExceeded: the job did not start in time.
            ShuttingDown: the worker stops.
            VoiceStackError: what the job raised, or why the engine cannot be loaded.
        """

        def once(engine: Engine) -> Iterator[Result]:
            yield job(engine)

        results = self.stream(once, priority)
        try:
            [result] = [result async for result in results]
            return result
        finally:
            results.close()

    def stream(
        self,
        job: Callable[[Engine], Iterator[Result]],
        priority: Priority = Priority.FINAL,
        *,
        admitted: bool = False,
        due: float = 0.0,
    ) -> ResultStream[Result]:
        """Iterate over `job` in an engine's thread. The caller closes the stream.

        An `admitted` job continues a request that was accepted before: a full queue does not refuse
        it. The limit on connections bounds how many of these there are. Of several jobs, the one that
        is `due` first (by `time.monotonic`) runs first.

        Raises:
            Busy: the queue is full.
            ShuttingDown: the worker stops.
        """
        return ResultStream(
            self._queue,
            job,
            priority,
            admitted=admitted,
            due=due,
            max_wait_s=self._max_wait_s,
            timeout_message=self._timeout_message,
        )

    def can_accept(self, priority: Priority) -> bool:
        """Whether a job of a priority would run soon; always true for a final one."""
        return priority is Priority.FINAL or self._queue.can_accept(priority)

    def submit(
        self,
        item: Item,
        run_batch: Callable[[Engine, Sequence[Item], Wanted], Iterable[tuple[int, Result]]],
        priority: Priority,
        *,
        cost: JobCost = NO_COST,
        flow: Flow | None = None,
        admitted: bool = False,
        group: int | None = 0,
    ) -> JobHandle[Result]:
        """Queue `item`, to be processed with others that wait in one call of `run_batch`.

        `run_batch` returns each result with the number of its item, as soon as it is there.

        Jobs of one `group` can share a call; without a group, the job has a call of its own. Jobs of one
        `flow` take turns with those of others, by their costs. An `admitted` job continues a request
        that was accepted before.

        Raises:
            Busy: the queue is full.
            ShuttingDown: the worker stops.
        """
        # Partial jobs run alone: a final one should not wait for the end of a batch of them.
        alone = priority is Priority.PARTIAL or group is None
        return JobHandle(
            self._queue,
            partial(self._runner.call, run_batch),
            priority,
            item=item,
            batch_key=None if alone else (run_batch, group),
            cost=cost,
            flow=flow,
            admitted=admitted,
            max_wait_s=self._max_wait_s,
            timeout_message=self._timeout_message,
        )

    def request_cleanup(self) -> None:
        """Clean up as soon as no job is left: a client has received its result."""
        self._idle_policy.request_cleanup()
        self._queue.wake()

    async def stop(self, timeout_s: float) -> bool:
        """End the threads: waiting jobs are refused, running ones are asked to stop.

        Returns False if the engine was still inside a call after `timeout_s`, or is being loaded, which
        serves no request any more.
        """
        await self._watching.stop()
        for job in self._queue.close():
            job.fail(ShuttingDown())
        started = [thread for thread in self._threads if thread.ident is not None]
        if started and self._lifecycle.state == "loading":
            return False
        await asyncio.to_thread(_join, started, timeout_s)
        return not any(thread.is_alive() for thread in started)

    def _new_thread(self, number: int) -> threading.Thread:
        return threading.Thread(
            target=self._work, args=(number == 0,), name=f"engine-{self.name}-{number}", daemon=True
        )

    def _replace_thread(self) -> None:
        # The lost one is kept, for the end of the process depends on it.
        thread = self._new_thread(len(self._threads))
        start_thread(thread)
        self._threads.append(thread)

    def _timeout_message(self) -> str:
        reason = "is still loading" if self.state == "loading" else "is busy"
        waited = f"the request waited {self._max_wait_s:g} s"
        return f"{self.name} {reason}; {waited}. Try again later."

    @property
    def lanes(self) -> int:
        """Jobs that the loaded engine works on side by side; 1 while none is loaded."""
        return self._capacity().lanes

    def _capacity(self) -> Capacity:
        engine = self._lifecycle.engine
        return self._capacity_of(engine) if engine is not None else Capacity()

    def _work(self, first_lane: bool) -> None:
        if first_lane and self._lifecycle.state == "loading":
            self._run_taken([])
        # Any lane may see the engine fail, and wakes up to reload it.
        while (batch := self._queue.take(self._capacity, self._next_check_s())) is not None:
            if batch or self._lifecycle.until_retry_s is not None:
                self._run_taken(batch)
            if not self._queue.finish(batch) and batch:
                break  # The call took so long that another thread has taken its place.
            if not self._queue.needs_engine:
                self._idle_policy.apply_to(self._lifecycle)
        if next(self._ended_threads) == len(self._threads):
            self._lifecycle.close()

    def _run_taken(self, batch: list[Job]) -> None:
        known = self._lifecycle.engine
        with self._lifecycle.using() as engine:
            if engine is not known:
                # Other lanes wait by the capacity of the engine before.
                self._queue.capacity_changed()
            self._runner.run(batch, engine)
        self._idle_policy.note_activity(needs_cleanup=bool(batch))

    def _next_check_s(self) -> float | None:
        waits = (
            self._lifecycle.until_retry_s,
            self._idle_policy.next_check_s(loaded=self._lifecycle.engine is not None),
        )
        return min((wait for wait in waits if wait is not None), default=None)


def _join(threads: Sequence[threading.Thread], timeout_s: float) -> None:
    ends_at = time.monotonic() + timeout_s
    for thread in threads:
        thread.join(max(0.0, ends_at - time.monotonic()))
