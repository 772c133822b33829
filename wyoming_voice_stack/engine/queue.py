"""A bounded priority queue in front of an engine, which also decides what runs at the same time."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable

from wyoming_voice_stack.engine.queueing.fair_order import FairOrder
from wyoming_voice_stack.engine.queueing.job import (
    Capacity,
    Job,
    Priority,
    is_long,
    is_speculative,
    is_stuck,
)
from wyoming_voice_stack.engine.queueing.pace import MAX_EXPECTED_WAIT_S, Pace
from wyoming_voice_stack.engine.status import Workload
from wyoming_voice_stack.errors import Abandoned, Busy, ShuttingDown, VoiceStackError

__all__ = ["Capacity", "Job", "JobQueue", "Priority"]

MAX_SPECULATIVE = 16
"""Waiting jobs with which another one that no client waits for is not useful."""


class JobQueue:
    """Coroutines put, cancel and promote jobs; the engine's threads take and finish them."""

    def __init__(self, name: str, max_queued: int) -> None:
        self._name = name
        self._max_queued = max_queued
        self._numbers = itertools.count()
        self._waiting: list[Job] = []
        # Each batch is one call and takes one lane.
        self._running: list[list[Job]] = []
        self._suspended: list[Job] = []
        # Whatever changes wakes one thread; one that takes a job wakes another, if one more may start.
        self._changed = threading.Condition()
        self._closed = False
        self._woken = False
        self._order = FairOrder()
        self._pace = Pace()
        self._lanes = 1
        self._express = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        """True while no job waits and none runs."""
        return not (self._waiting or self._running)

    @property
    def needs_engine(self) -> bool:
        """True while a job waits, runs or is suspended."""
        return bool(self._waiting or self._running or self._suspended)

    @property
    def closed(self) -> bool:
        """True once the server shuts down."""
        return self._closed

    def next_number(self) -> int:
        """Return the number of a new job: jobs of one priority run in its order."""
        return next(self._numbers)

    @property
    def requests(self) -> int:
        """Number of waiting jobs that begin a request."""
        with self._changed:
            return self._requests()

    def workload(self) -> Workload:
        """Return what clients wait for; speculative jobs do not count."""
        with self._changed:
            waiting = [job for job in self._waiting if job.priority is Priority.FINAL]
            running = [job for batch in self._running for job in batch if not job.has_result]
        since = min((job.queued_at for job in waiting), default=None)
        return Workload(
            running=sum(job.priority is Priority.FINAL for job in running),
            waiting=len(waiting),
            oldest_wait_s=0.0 if since is None else time.monotonic() - since,
        )

    def put(self, job: Job, *, admitted: bool = False) -> None:
        """Add a job; an `admitted` one even if the queue is full, and it fills no place of another.

        Raises:
            Busy: the queue is full, or the job would wait for longer than `MAX_EXPECTED_WAIT_S`.
            ShuttingDown: the queue is closed.
        """
        with self._changed:
            if self._closed:
                raise ShuttingDown
            job.place_s = self._order.place(job.flow, job.cost.seconds)
            job.admitted = admitted
            job.queued_at = time.monotonic()
            if not admitted:
                self._require_room(job)
            heapq.heappush(self._waiting, job)
            self._changed.notify()

    def can_accept(self, priority: Priority) -> bool:
        """Whether another job of a priority is useful, rather than a delay for the others."""
        with self._changed:
            if priority is Priority.PARTIAL:
                return self.idle
            before = [job for job in self._waiting if job.priority < priority]
            # Long jobs do not keep short ones waiting where there are express calls.
            return not any(job.short or not self._express for job in before) and (
                len(self._waiting) < min(MAX_SPECULATIVE, max(1, self._max_queued // 2))
            )

    def cancel(self, job: Job) -> None:
        """Never start the job; if it runs, ask it to stop."""
        job.cancelled.set()
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
                heapq.heapify(self._waiting)
                self._order.give_back(job.flow, job.cost.seconds)
                self._changed.notify()
            elif job in self._suspended:
                self._suspended.remove(job)
                # A thread that is idle may now unload the engine.
                self._woken = True
                self._changed.notify()

    def suspend(self, job: Job) -> None:
        """Keep a job that stopped between two results, until it is resumed or cancelled."""
        with self._changed:
            self._suspended.append(job)

    def resume(self, job: Job, due: float) -> None:
        """Queue a suspended job again, with a new time at which its result is needed."""
        with self._changed:
            if job in self._suspended:
                self._suspended.remove(job)
                job.due, job.admitted = due, True
                heapq.heappush(self._waiting, job)
                self._changed.notify()

    def should_yield(self, batch: list[Job]) -> bool:
        """Whether a running batch of speculative jobs should stop, because a final job waits for its place."""
        with self._changed:
            express = len(self._running) > self._lanes and not is_long(batch)
            waiting = [job for job in self._waiting if job.short or not express]
            return is_speculative(batch) and not is_speculative(waiting)

    def put_back(self, job: Job) -> None:
        """Queue a job again that ran and was not finished; it keeps its place."""
        with self._changed:
            if not (self._closed or job.cancelled.is_set()):
                job.started.clear()
                heapq.heappush(self._waiting, job)
                self._changed.notify()
                return
        job.fail(self.cancellation_error())

    def cancellation_error(self) -> VoiceStackError:
        """Return why a cancelled job has no result."""
        if self._closed:
            return ShuttingDown()
        return Abandoned()

    def promote(self, job: Job) -> None:
        """Make a job final; among the final jobs it keeps its place by number."""
        with self._changed:
            job.priority = Priority.FINAL
            heapq.heapify(self._waiting)
            self._changed.notify()

    def take(self, capacity: Callable[[], Capacity], timeout_s: float | None) -> list[Job] | None:
        """Wait for the jobs of one call; empty after `timeout_s` or a `wake`, None once closed."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._woken or self._next(capacity()) is not None, timeout_s
            )
            if self._closed:
                return None
            first = self._next(capacity())
            if first is None:
                self._woken = False
                return []
            self._lanes, self._express = capacity().lanes, capacity().express
            batch = [first, *self._companions(first, capacity().batch)]
            self._waiting = [job for job in self._waiting if job not in batch]
            heapq.heapify(self._waiting)
            self._running.append(batch)
            self._order.note_started(first.place_s)
            if self._next(capacity()) is not None:
                self._changed.notify()
            return batch

    def finish(self, batch: list[Job]) -> bool:
        """Free the lane of a batch; False if it was freed before."""
        with self._changed:
            found = any(running is batch for running in self._running)
            self._running = [running for running in self._running if running is not batch]
            self._changed.notify()
            return found

    def note_call(self, batch: list[Job], took_s: float) -> None:
        """Note how long the engine took for a batch."""
        with self._changed:
            self._pace.note_call(sum(job.cost.seconds for job in batch), took_s)

    def stuck(self) -> list[list[Job]]:
        """Return the running batches whose calls have exceeded their limits."""
        now = time.monotonic()
        with self._changed:
            return [batch for batch in self._running if is_stuck(batch, now)]

    def wake(self) -> None:
        """Wake a thread that waits in `take`, although there is no job."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def capacity_changed(self) -> None:
        """Let waiting threads check again whether jobs may start."""
        with self._changed:
            self._changed.notify()

    def close(self) -> list[Job]:
        """Refuse new jobs, ask running ones to stop, and return those that have not started."""
        with self._changed:
            self._closed = True
            waiting, self._waiting = self._waiting + self._suspended, []
            self._suspended = []
            taken = [job for batch in self._running for job in batch]
            for job in taken:
                job.cancelled.set()
            self._changed.notify_all()
        return waiting + [job for job in taken if not job.started.is_set()]

    def _requests(self) -> int:
        return sum(not job.admitted for job in self._waiting)

    def _require_room(self, job: Job) -> None:
        if (waiting := self._requests()) >= self._max_queued:
            self._order.give_back(job.flow, job.cost.seconds)
            raise Busy(
                f"{waiting} requests already wait for {self._name}; try again in a moment, or raise"
                " MAX_QUEUED_REQUESTS."
            )
        if job.priority is not Priority.FINAL:
            return
        before = sum(each.cost.seconds for each in self._waiting if each < job)
        wait_s = self._pace.expected_wait_s(before, self._lanes)
        if wait_s > MAX_EXPECTED_WAIT_S:
            self._order.give_back(job.flow, job.cost.seconds)
            raise Busy(
                f"{self._name} is busy: the request would wait about {wait_s:.0f} s;"
                " try again later, or use a faster model."
            )

    def _next(self, capacity: Capacity) -> Job | None:
        """Return the job that may start now, if any."""
        if not self._waiting:
            return None
        if len(self._running) < capacity.lanes:
            return self._waiting[0] if self._may_start(self._waiting[0]) else None
        if len(self._running) < capacity.lanes + capacity.express and all(
            map(is_long, self._running)
        ):
            return min((job for job in self._waiting if job.short), default=None)
        return None

    def _may_start(self, first: Job) -> bool:
        # A final job that comes later need not wait for speculative ones: they yield to it.
        return first.priority is not Priority.PARTIAL or not self._running

    def _companions(self, first: Job, size: int) -> list[Job]:
        if first.batch_key is None or size <= 1:
            return []
        # Jobs of a lower priority would make clients of the others wait longer.
        return [
            job
            for job in sorted(self._waiting)
            if job is not first
            and job.batch_key == first.batch_key
            and job.priority == first.priority
        ][: size - 1]
