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
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Generic, Protocol, TypeVar

from wyoming_voice_stack.core.channel import Channel
from wyoming_voice_stack.core.metrics import Metrics
from wyoming_voice_stack.core.session import EngineState
from wyoming_voice_stack.errors import (
    Busy,
    DeadlineExceeded,
    EngineError,
    NoAudio,
    ShuttingDown,
    VoiceStackError,
)

_LOGGER = logging.getLogger(__name__)

LOAD_RETRY_SECONDS = 30.0
"""After a failed load, how long until a request tries again."""
MAX_WAIT_SECONDS = 120.0
"""How long a request waits for its turn, or for the engine to load."""
MAX_FAILURES_IN_A_ROW = 3
"""Engine failures without a success between them, after which the engine is loaded anew."""


class _Closable(Protocol):
    def close(self) -> None: ...


Engine = TypeVar("Engine", bound=_Closable)
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
        self._load = load
        self._max_queued = max_queued
        self._max_wait_s = max_wait_s
        self._metrics = metrics
        self._numbers = itertools.count()
        self._queue: list[_Job] = []
        self._changed = threading.Condition()
        self._stopping = False
        self._running: _Job | None = None
        self._engine: Engine | None = None
        self._error: VoiceStackError | None = None
        self._retry_at = 0.0
        self._failures = 0
        self._state: EngineState = "idle"
        self._thread = threading.Thread(target=self._work, name=f"engine-{name}", daemon=True)
        metrics.queue_depth.labels(name).set_function(lambda: len(self._queue))
        metrics.model_loaded.labels(name).set(0)

    @property
    def state(self) -> EngineState:
        """Idle before the first load, then loading, ready or failed."""
        return self._state

    @property
    def error(self) -> VoiceStackError | None:
        """Why the engine cannot work, while `state` is failed."""
        return self._error

    @property
    def engine(self) -> Engine | None:
        """The engine once it is loaded. Read its facts only: the thread owns it."""
        return self._engine

    def start(self, *, load_now: bool) -> None:
        """Start the thread; without `load_now` the first job loads the engine."""
        if load_now:
            self._state = "loading"
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
        self, job: Callable[[Engine], Iterator[Result]], priority: Priority = Priority.FINAL
    ) -> AsyncGenerator[Result, None]:
        """Iterate over `job` in the engine's thread; closing stops it between two results.

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
        self._enqueue(entry)
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

    def _enqueue(self, job: _Job) -> None:
        with self._changed:
            if self._stopping:
                raise _shutting_down()
            if len(self._queue) >= self._max_queued:
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
        reason = "is still loading" if self._state == "loading" else "is busy"
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
        if self._state == "loading":
            self._ensure_loaded()
        while self._run_next():
            pass
        self._unload()

    def _run_next(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._queue)
            if self._stopping:
                return False
            self._running = job = heapq.heappop(self._queue)
        if not job.dropped.is_set():
            self._run_job(job)
        with self._changed:
            self._running = None
        return True

    def _run_job(self, job: _Job) -> None:
        engine = self._ensure_loaded()
        if engine is None:
            job.fail(self._error or EngineError(f"{self.name} is not loaded."))
            return
        job.started.set()
        try:
            job.run(engine)
        except VoiceStackError as error:
            self._job_failed(job, error)
        except Exception as error:
            _LOGGER.exception("%s failed on a request", self.name)
            failure = EngineError(
                f"{self.name} failed ({type(error).__name__}); the server's log says more."
            )
            failure.__cause__ = error
            self._job_failed(job, failure)
        else:
            self._failures = 0

    def _job_failed(self, job: _Job, error: VoiceStackError) -> None:
        job.fail(error)
        if not isinstance(error, EngineError) or isinstance(error, NoAudio):
            return
        self._failures += 1
        if self._failures >= MAX_FAILURES_IN_A_ROW:
            _LOGGER.error("%s failed %d times in a row; loading it anew", self.name, self._failures)
            self._failures = 0
            self._unload()
            self._error, self._state = error, "failed"

    def _ensure_loaded(self) -> Engine | None:
        if self._engine is not None:
            return self._engine
        if self._error is not None and time.monotonic() < self._retry_at:
            return None
        self._state = "loading"
        began = time.monotonic()
        try:
            self._engine = self._load()
        except VoiceStackError as error:
            self._load_failed(error)
        except Exception as error:
            _LOGGER.exception("%s cannot be loaded", self.name)
            failure = EngineError(f"{self.name} cannot be loaded: {type(error).__name__}: {error}")
            failure.__cause__ = error
            self._load_failed(failure)
        else:
            self._error, self._state = None, "ready"
            self._metrics.model_loaded.labels(self.name).set(1)
            _LOGGER.info("%s is ready after %.1f s", self.name, time.monotonic() - began)
        return self._engine

    def _load_failed(self, error: VoiceStackError) -> None:
        self._error, self._state = error, "failed"
        self._retry_at = time.monotonic() + LOAD_RETRY_SECONDS
        _LOGGER.error("%s is not available: %s", self.name, error)

    def _unload(self) -> None:
        if self._engine is not None:
            self._engine.close()
            self._engine = None
            self._metrics.model_loaded.labels(self.name).set(0)

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
