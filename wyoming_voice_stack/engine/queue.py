"""A bounded priority queue in front of an engine, which also decides what runs at the same time."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from wyoming_voice_stack.errors import Abandoned, Busy, ShuttingDown, VoiceStackError


class Priority(IntEnum):
    """Lower runs first."""

    FINAL = 0
    """A client waits for the result."""
    SPECULATIVE = 1
    """A client will probably need the result in a moment. Leaves a lane to finals where there are two."""
    PARTIAL = 2
    """No client waits for it: partial text, or a voice to clone ahead of requests. Runs only while
    nothing else does."""


@dataclass(frozen=True)
class Capacity:
    """How much an engine does at the same time."""

    lanes: int = 1
    """Calls that run at the same time, each in its own thread."""
    batch: int = 1
    """Jobs with one batch key that one call runs faster together than one by one."""


@dataclass(eq=False)
class Job:
    """One call of an engine, or a part of one."""

    priority: Priority
    number: int
    run: Callable[[Any, list[Job]], None]
    """Called with the engine and all jobs of the batch, this one first."""
    fail: Callable[[VoiceStackError], None]
    batch_key: Hashable | None = None
    """Jobs with one key may share a call; one without a key runs alone."""
    item: Any = None
    """What the job is to work on, for jobs that share a call."""
    set_result: Callable[[Any], None] = lambda _: None
    started: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def __lt__(self, other: Job) -> bool:
        return (self.priority, self.number) < (other.priority, other.number)


class JobQueue:
    """Coroutines put, cancel and promote jobs; the engine's threads take and finish them."""

    def __init__(self, name: str, max_queued: int) -> None:
        self._name = name
        self._max_queued = max_queued
        self._numbers = itertools.count()
        self._waiting: list[Job] = []
        # Each batch is one call and takes one lane.
        self._running: list[list[Job]] = []
        self._changed = threading.Condition()
        self._closed = False
        self._woken = False

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        """True while no job waits and none runs."""
        return not (self._waiting or self._running)

    @property
    def closed(self) -> bool:
        """True once the server shuts down."""
        return self._closed

    def next_number(self) -> int:
        """Return the number of a new job: jobs of one priority run in its order."""
        return next(self._numbers)

    def put(self, job: Job, *, admitted: bool = False) -> None:
        """Add a job; an `admitted` one even if the queue is full.

        Raises:
            Busy: the queue is full.
            ShuttingDown: the queue is closed.
        """
        with self._changed:
            if self._closed:
                raise ShuttingDown
            if not admitted and len(self._waiting) >= self._max_queued:
                raise Busy(
                    f"{len(self._waiting)} requests already wait for {self._name}; try again in a"
                    " moment, or raise MAX_QUEUED_REQUESTS."
                )
            heapq.heappush(self._waiting, job)
            self._changed.notify_all()

    def can_accept(self, priority: Priority) -> bool:
        """Whether another job of a priority is useful, rather than a delay for the others."""
        with self._changed:
            if priority is Priority.PARTIAL:
                return self.idle
            return not any(job.priority < priority for job in self._waiting) and (
                len(self._waiting) < max(1, self._max_queued // 2)
            )

    def cancel(self, job: Job) -> None:
        """Never start the job; if it runs, ask it to stop."""
        job.cancelled.set()
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
                heapq.heapify(self._waiting)
                self._changed.notify_all()

    def should_yield(self, batch: list[Job]) -> bool:
        """Whether a running batch of speculative jobs should stop, because a final job waits."""
        with self._changed:
            return _speculative(batch) and not _speculative(self._waiting)

    def put_back(self, job: Job) -> None:
        """Queue a job again that ran and was not finished; it keeps its place."""
        with self._changed:
            if not (self._closed or job.cancelled.is_set()):
                job.started.clear()
                heapq.heappush(self._waiting, job)
                self._changed.notify_all()
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
            self._changed.notify_all()

    def take(self, capacity: Callable[[], Capacity], timeout_s: float | None) -> list[Job] | None:
        """Wait for the jobs of one call; empty after `timeout_s` or a `wake`, None once closed."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._woken or self._may_start(capacity()), timeout_s
            )
            if self._closed:
                return None
            if not self._may_start(capacity()):
                self._woken = False
                return []
            batch = [heapq.heappop(self._waiting)]
            self._fill(batch, capacity().batch)
            self._running.append(batch)
            return batch

    def finish(self, batch: list[Job]) -> None:
        """Free the lane of a batch."""
        with self._changed:
            self._running = [running for running in self._running if running is not batch]
            self._changed.notify_all()

    def wake(self) -> None:
        """Wake a thread that waits in `take`, although there is no job."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def capacity_changed(self) -> None:
        """Let waiting threads check again whether a job may start."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> list[Job]:
        """Refuse new jobs, ask running ones to stop, and return those that have not started."""
        with self._changed:
            self._closed = True
            waiting, self._waiting = self._waiting, []
            taken = [job for batch in self._running for job in batch]
            for job in taken:
                job.cancelled.set()
            self._changed.notify_all()
        return waiting + [job for job in taken if not job.started.is_set()]

    def _may_start(self, capacity: Capacity) -> bool:
        if not self._waiting or len(self._running) >= capacity.lanes:
            return False
        first = self._waiting[0]
        if first.priority is Priority.PARTIAL:
            return not self._running
        if first.priority is Priority.SPECULATIVE and capacity.lanes > 1:
            return sum(map(_speculative, self._running)) < capacity.lanes - 1
        return True

    def _fill(self, batch: list[Job], size: int) -> None:
        first = batch[0]
        if first.batch_key is None or size <= 1:
            return
        # Jobs of a lower priority would make clients of the others wait longer.
        companions = [
            job
            for job in sorted(self._waiting)
            if job.batch_key == first.batch_key and job.priority == first.priority
        ][: size - 1]
        for job in companions:
            self._waiting.remove(job)
        heapq.heapify(self._waiting)
        batch += companions


def _speculative(batch: list[Job]) -> bool:
    return all(job.priority is not Priority.FINAL for job in batch)
