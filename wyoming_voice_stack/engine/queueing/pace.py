"""How fast an engine is, measured by its calls, and the wait that follows from it."""

from __future__ import annotations

MAX_EXPECTED_WAIT_S = 100.0
"""A request that would wait longer is refused at once: no user waits for it."""
NEWEST_SHARE = 0.2
"""Weight of the newest call in the average."""


class Pace:
    """The engine's time per second of cost, as a moving average. Its owner holds a lock."""

    def __init__(self) -> None:
        self._seconds_per_cost: float | None = None

    def note_call(self, cost_s: float, took_s: float) -> None:
        """Note that a call took so long; one without a cost says nothing."""
        if cost_s <= 0:
            return
        newest, before = took_s / cost_s, self._seconds_per_cost
        self._seconds_per_cost = (
            newest if before is None else before + NEWEST_SHARE * (newest - before)
        )

    def expected_wait_s(self, cost_s: float, lanes: int) -> float:
        """Return how long jobs of this cost take; 0 before the first call."""
        return (self._seconds_per_cost or 0.0) * cost_s / max(1, lanes)
