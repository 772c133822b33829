"""A job for an engine: what it is, how urgent, and what it costs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from wyoming_voice_stack.engine.queueing.fair_order import Flow
from wyoming_voice_stack.errors import VoiceStackError

SHORT_JOB_S = 12.0
"""Cost up to which a job is short: a spoken command. Longer ones do not keep it waiting."""
SHORT_CALL_S = 32.0
"""Cost of a batch up to which its call is short: four commands of six seconds take half the time of a window of 30 s."""


class Priority(IntEnum):
    """Lower runs first."""

    FINAL = 0
    """A client waits for the result."""
    SPECULATIVE = 1
    """A client will probably need the result in a moment. Yields to finals."""
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
    express: int = 0
    """Further calls for short jobs, while all lanes run long ones."""


@dataclass(frozen=True)
class JobCost:
    """What a job takes."""

    seconds: float = 0.0
    """Seconds of audio that take as long; 0 if the order of such jobs is that of their arrival."""
    limit_s: float | None = None
    """Time after which its call counts as stuck; None if it has no limit."""


NO_COST = JobCost()


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
    cost: JobCost = NO_COST
    flow: Flow | None = None
    due: float = 0.0
    """When its result is needed, by `time.monotonic`: among the jobs of one priority, the earliest runs first."""
    admitted: bool = False
    """True if it continues a request that was accepted before."""
    place_s: float = 0.0
    """Among those that are due at one time, the lowest runs first."""
    queued_at: float = 0.0
    """When it was queued, by `time.monotonic`."""
    busy_since: float | None = None
    """When the engine was called; None while it is not inside a call."""
    has_result: bool = False
    """True once it got its result; others of its batch may still wait for theirs."""
    note_success: Callable[[], None] = lambda: None
    """Called before the client gets the last result."""
    started: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def __lt__(self, other: Job) -> bool:
        return self._order < other._order

    @property
    def _order(self) -> tuple[int, float, float, int]:
        return (self.priority, self.due, self.place_s, self.number)

    @property
    def short(self) -> bool:
        """True for a job that takes little time, and that a client waits for or will in a moment."""
        return self.priority is not Priority.PARTIAL and self.cost.seconds <= SHORT_JOB_S


def is_long(batch: list[Job]) -> bool:
    """Return whether a call takes too long for a short job to wait for it."""
    costs = [job.cost.seconds for job in batch]
    return max(costs, default=0.0) > SHORT_JOB_S or sum(costs) > SHORT_CALL_S


def is_stuck(batch: list[Job], now: float) -> bool:
    """Return whether a call has exceeded the limits of its jobs together."""
    began = [job.busy_since for job in batch if job.busy_since is not None]
    limits = [job.cost.limit_s for job in batch if job.cost.limit_s is not None]
    return bool(began) and len(limits) == len(batch) and now - min(began) > sum(limits)


def is_speculative(batch: list[Job]) -> bool:
    """Return whether no client waits for a call."""
    return all(job.priority is not Priority.FINAL for job in batch)
