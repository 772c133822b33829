"""The line in front of an engine: who goes next, and what may run beside what."""

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
    """Somebody waits for it."""
    SPECULATIVE = 1
    """Somebody will probably wait for it in a moment. Leaves a lane to finals where there are two."""
    PARTIAL = 2
    """Nobody waits for it. Runs only while nothing else does."""


@dataclass(frozen=True)
class Capacity:
    """What an engine can do at once."""

    lanes: int = 1
    """Calls that it takes at the same time, each from its own thread."""
    batch: int = 1
    """Jobs of one kind that one call takes with gain."""


@dataclass(eq=False)
class Job:
    """One thing to do with an engine."""

    priority: Priority
    number: int
    run: Callable[[Any, list[Job]], None]
    """Given the engine and all jobs of the batch, this one first."""
    fail: Callable[[VoiceStackError], None]
    kind: Hashable | None = None
    """Jobs of one kind may share a call; None shares with nobody."""
    item: Any = None
    started: threading.Event = field(default_factory=threading.Event)
    dropped: threading.Event = field(default_factory=threading.Event)

    def __lt__(self, other: Job) -> bool:
        return (self.priority, self.number) < (other.priority, other.number)


class JobQueue:
    """Bounded. Coroutines put, drop and promote; the engine's threads take and finish."""

    def __init__(self, name: str, max_queued: int) -> None:
        self._name = name
        self._max_queued = max_queued
        self._numbers = itertools.count()
        self._waiting: list[Job] = []
        # Each batch is one call and takes one lane.
        self._running: list[list[Job]] = []
        self._changed = threading.Condition()
        self._closed = False
        self._nudged = False

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def idle(self) -> bool:
        """True while nothing waits and nothing runs."""
        return not (self._waiting or self._running)

    @property
    def closed(self) -> bool:
        """True once the server shuts down."""
        return self._closed

    def next_number(self) -> int:
        """A place in the line for a new job."""
        return next(self._numbers)

    def put(self, job: Job, *, admitted: bool = False) -> None:
        """Queue up; `admitted` is let in although the queue is full.

        Raises:
            Busy: the queue is full.
            ShuttingDown: the queue is closed.
        """
        with self._changed:
            if self._closed:
                raise ShuttingDown
            if not admitted and len(self._waiting) >= self._max_queued:
                raise Busy(
                    f"{len(self._waiting)} requests wait for {self._name} already; ask again in a"
                    " moment, or raise MAX_QUEUED_REQUESTS."
                )
            heapq.heappush(self._waiting, job)
            self._changed.notify_all()

    def can_accept(self, priority: Priority) -> bool:
        """Whether more of a priority would do anybody good, rather than lengthen the line."""
        with self._changed:
            if priority is Priority.PARTIAL:
                return self.idle
            return not any(job.priority < priority for job in self._waiting) and (
                len(self._waiting) < max(1, self._max_queued // 2)
            )

    def drop(self, job: Job) -> None:
        """Never start it; if it runs, ask it to stop."""
        job.dropped.set()
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
                heapq.heapify(self._waiting)
                self._changed.notify_all()

    def gives_way(self, batch: list[Job]) -> bool:
        """True when nobody waits for what runs, and somebody waits for what does not."""
        with self._changed:
            return _speculative(batch) and not _speculative(self._waiting)

    def put_back(self, job: Job) -> None:
        """Let it wait for its turn again; it keeps its place."""
        with self._changed:
            if not (self._closed or job.dropped.is_set()):
                job.started.clear()
                heapq.heappush(self._waiting, job)
                self._changed.notify_all()
                return
        job.fail(self.refusal())

    def refusal(self) -> VoiceStackError:
        """Why a dropped job has no result."""
        if self._closed:
            return ShuttingDown()
        return Abandoned()

    def promote(self, job: Job) -> None:
        """Somebody waits for it now. It keeps its place among those who wait."""
        with self._changed:
            job.priority = Priority.FINAL
            heapq.heapify(self._waiting)
            self._changed.notify_all()

    def take(self, capacity: Callable[[], Capacity], timeout_s: float | None) -> list[Job] | None:
        """Wait for jobs that one call shall do; empty after `timeout_s` or a nudge, None once closed."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._nudged or self._may_start(capacity()), timeout_s
            )
            if self._closed:
                return None
            if not self._may_start(capacity()):
                self._nudged = False
                return []
            batch = [heapq.heappop(self._waiting)]
            self._fill(batch, capacity().batch)
            self._running.append(batch)
            return batch

    def finish(self, batch: list[Job]) -> None:
        """Give the lane back."""
        with self._changed:
            self._running = [running for running in self._running if running is not batch]
            self._changed.notify_all()

    def nudge(self) -> None:
        """Wake one who waits for jobs, though there is none."""
        with self._changed:
            self._nudged = True
            self._changed.notify_all()

    def capacity_changed(self) -> None:
        """Look again whether more may start now."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> list[Job]:
        """Take nothing more, ask what runs to stop, and give back what has not started."""
        with self._changed:
            self._closed = True
            waiting, self._waiting = self._waiting, []
            taken = [job for batch in self._running for job in batch]
            for job in taken:
                job.dropped.set()
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
        if first.kind is None or size <= 1:
            return
        # Guesses would make the call longer for those who wait for it.
        alike = [
            job
            for job in sorted(self._waiting)
            if job.kind == first.kind and job.priority == first.priority
        ][: size - 1]
        for job in alike:
            self._waiting.remove(job)
        heapq.heapify(self._waiting)
        batch += alike


def _speculative(batch: list[Job]) -> bool:
    return all(job.priority is not Priority.FINAL for job in batch)
