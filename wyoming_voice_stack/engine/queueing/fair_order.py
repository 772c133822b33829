"""The order of jobs that wait: each client gets its share, and short jobs do not wait for long ones."""

from __future__ import annotations


class Flow:
    """The jobs of one client's request. Those that are queued together take turns with others'."""

    def __init__(self) -> None:
        self.finish_s = 0.0
        """Where its last job is in the order."""


class FairOrder:
    """Self-clocked fair queueing: a job's place is the sum of the costs of its flow up to it.

    So a recording of ten minutes has one part processed for each part of another recording, a short
    command goes first, and every job's turn comes. Its owner holds a lock.
    """

    def __init__(self) -> None:
        self._clock_s = 0.0

    def place(self, flow: Flow | None, cost_s: float) -> float:
        """Return the place of a new job; jobs with lower numbers go first."""
        begin_s = self._clock_s if flow is None else max(self._clock_s, flow.finish_s)
        if flow is not None:
            flow.finish_s = begin_s + cost_s
        return begin_s + cost_s

    def give_back(self, flow: Flow | None, cost_s: float) -> None:
        """Note that the last job of a flow was cancelled before it started."""
        if flow is not None:
            flow.finish_s -= cost_s

    def note_started(self, place_s: float) -> None:
        """Note the place of a job that starts."""
        self._clock_s = max(self._clock_s, place_s)
