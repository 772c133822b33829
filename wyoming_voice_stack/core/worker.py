"""An engine, the one thread that owns it, and the bounded queue in front of it.

The thread loads the engine, then runs one job at a time, finals before guesses. A job
whose client has gone is dropped before it starts, or between two results.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Generic, TypeVar

from wyoming_voice_stack.core.channel import Channel
from wyoming_voice_stack.core.metrics import Metrics
from wyoming_voice_stack.core.session import EngineState
from wyoming_voice_stack.core.slot import Engine, EngineSlot
from wyoming_voice_stack.errors import (
    Busy,
    DeadlineExceeded,
    EngineError,
    ShuttingDown,
    VoiceStackError,
    told_privately,
)

_LOGGER = logging.getLogger(__name__)

MAX_WAIT_SECONDS = 120.0
"""How long a request waits for its turn, or for the engine to load."""
Result = TypeVar("Result")


class Priority(IntEnum):
    """Lower runs first."""

    FINAL = 0
    GUESS = 1


@dataclass(order=True)
class _Job:
    priority: Priority
    number: int
    run: Callable[[Any], None] = field(compare=False)
    fail: Callable[[VoiceStackError], None] = field(compare=False)
    started: threading.Event = field(compare=False, default_factory=threading.Event)
    dropped: threading.Event = field(compare=False, default_factory=threading.Event)


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
    ) -> None:
        self.name = name
        self._max_queued = max_queued
        self._max_wait_s = max_wait_s
        self._numbers = itertools.count()
        self._queue: list[_Job] = []
        self._changed = threading.Condition()
        self._stopping = False
        self._running: _Job | None = None
        self._slot = EngineSlot(name, load, metrics)
        self._thread = threading.Thread(target=self._work, name=f"engine-{name}", daemon=True)
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
        """The engine once it is loaded. Read its facts only: the thread owns it."""
        return self._slot.engine

    def start(self, *, load_now: bool) -> None:
        """Start the thread; without `load_now` the first job loads the engine."""
        if load_now:
            self._slot.state = "loading"
        self._thread.start()

    async def run(
        self, job: Callable[[Engine], Result], priority: Priority = Priority.FINAL
    ) -> Result:
        """Run `job` in the engine's thread; cancelling drops it.

        Raises:
            Busy: the queue is full.
            DeadlineExceeded: the job did not start in time.
            ShuttingDown: the worker stops.
            VoiceStackError: what the job raised, or why the engine cannot be loaded.
        """
        async with aclosing(self.stream(lambda engine: iter((job(engine),)), priority)) as results:
            return await anext(results)

    async def stream(
        self,
        job: Callable[[Engine], Iterator[Result]],
        priority: Priority = Priority.FINAL,
        *,
        admitted: bool = False,
    ) -> AsyncGenerator[Result, None]:
        """Iterate over `job` in the engine's thread; closing stops it between two results.

        `admitted` says that the job goes on with a request that was taken before: a full queue
        does not refuse it. Connections bound how many of these there are.

        Raises:
            VoiceStackError: as for `run`.
        """
        loop = asyncio.get_running_loop()
        channel: Channel[Result] = Channel(loop)
        entry = _Job(
            priority=priority,
            number=next(self._numbers),
            run=lambda engine: self._drive(entry, channel, job(engine)),
            fail=channel.end,
        )
        self._enqueue(entry, admitted=admitted)
        overdue = loop.call_later(self._max_wait_s, self._give_up_waiting, entry)
        try:
            while (item := await channel.take()) is not None:
                yield item[0]
        finally:
            overdue.cancel()
            self._drop(entry)
            channel.release()

    async def stop(self, timeout_s: float) -> bool:
        """End the thread: what waits is refused, what runs is asked to stop.

        Returns False if the engine was still inside a call after `timeout_s`.
        """
        with self._changed:
            self._stopping = True
            waiting, self._queue = self._queue, []
            if self._running is not None:
                self._running.dropped.set()
            self._changed.notify_all()
        for job in waiting:
            job.fail(_shutting_down())
        if self._thread.ident is not None:
            await asyncio.to_thread(self._thread.join, timeout_s)
        return not self._thread.is_alive()

    def _enqueue(self, job: _Job, *, admitted: bool) -> None:
        with self._changed:
            if self._stopping:
                raise _shutting_down()
            if not admitted and len(self._queue) >= self._max_queued:
                raise Busy(
                    f"{len(self._queue)} requests wait for {self.name} already; ask again in a"
                    " moment, or raise MAX_QUEUED_REQUESTS."
                )
            heapq.heappush(self._queue, job)
            self._changed.notify_all()

    def _give_up_waiting(self, job: _Job) -> None:
        if job.started.is_set():
            return
        self._drop(job)
        reason = "is still loading" if self.state == "loading" else "is busy"
        job.fail(
            DeadlineExceeded(
                f"{self.name} {reason}; the request waited {self._max_wait_s:g} s. Ask again later."
            )
        )

    def _drop(self, job: _Job) -> None:
        job.dropped.set()
        with self._changed:
            if job in self._queue:
                self._queue.remove(job)
                heapq.heapify(self._queue)

    def _work(self) -> None:
        if self._slot.state == "loading":
            self._slot.ensure_loaded()
        while self._run_next():
            pass
        self._slot.unload()

    def _run_next(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._queue, self._slot.until_retry_s)
            if self._stopping:
                return False
            self._running = job = heapq.heappop(self._queue) if self._queue else None
        engine = self._slot.ensure_loaded()
        if job is not None and not job.dropped.is_set():
            self._run_job(job, engine)
        with self._changed:
            self._running = None
        return True

    def _run_job(self, job: _Job, engine: Engine | None) -> None:
        if engine is None:
            job.fail(self._slot.error or EngineError(f"{self.name} is not loaded."))
            return
        job.started.set()
        try:
            job.run(engine)
        except VoiceStackError as error:
            self._fail(job, error)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the engine's boundary
            kind = type(error).__name__
            failure = EngineError(f"{self.name} failed ({kind}); see the server's log.")
            failure.__cause__ = error
            self._fail(job, failure)
        else:
            self._slot.succeeded()

    def _fail(self, job: _Job, error: VoiceStackError) -> None:
        if error.__cause__ is not None:
            _LOGGER.error("%s failed on a request: %s", self.name, told_privately(error.__cause__))
        job.fail(error)
        self._slot.failed(error)

    def _drive(self, job: _Job, channel: Channel[Result], results: Iterator[Result]) -> None:
        try:
            for result in results:
                if job.dropped.is_set() or not channel.put(result):
                    break
        finally:
            if (close := getattr(results, "close", None)) is not None:
                close()
        channel.end(_shutting_down() if self._stopping and job.dropped.is_set() else None)


def _shutting_down() -> ShuttingDown:
    return ShuttingDown("The server is shutting down; ask again in a moment.")
