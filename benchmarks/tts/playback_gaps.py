"""Finds the gaps that a listener hears when a reply is played while it still arrives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Arrival:
    """One chunk of audio."""

    at_s: float
    """When it came, by any clock."""
    seconds: float


SHORTEST_GAP_S = 0.01
"""The small buffer of any player covers shorter ones."""


@dataclass(frozen=True)
class Gaps:
    """Times without audio to play before the end of the reply."""

    count: int = 0
    total_s: float = 0.0
    largest_s: float = 0.0


def gaps(arrivals: Iterable[Arrival]) -> Gaps:
    """Play from the first chunk on, in real time, and stop wherever the next one is late.

    After a gap the player continues at once, without filling a buffer first.
    """
    played_until_s = None
    found = []
    for one in arrivals:
        if played_until_s is None:
            played_until_s = one.at_s
        late_s = one.at_s - played_until_s
        if late_s >= SHORTEST_GAP_S:
            found.append(late_s)
        played_until_s = max(played_until_s, one.at_s) + one.seconds
    return Gaps(len(found), sum(found), max(found, default=0.0))
