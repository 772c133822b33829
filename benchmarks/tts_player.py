"""What somebody hears who listens while a reply still comes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SHORTEST_GAP_S = 0.01
"""What is shorter no player lets through: each has a small buffer of its own."""


@dataclass(frozen=True)
class Arrival:
    """One piece of sound."""

    at_s: float
    """When it came, by any clock."""
    seconds: float
    """How long it sounds."""


@dataclass(frozen=True)
class Gaps:
    """Times in which a player had nothing to play, though there was more to come."""

    count: int = 0
    total_s: float = 0.0
    largest_s: float = 0.0


def gaps(arrivals: Iterable[Arrival]) -> Gaps:
    """Play from the first piece on, in real time, and stop wherever the next one is late.

    After a gap the player goes on at once, without gathering more before.
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
