"""Measures servers in alternation, with the same requests, never two at the same time."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Generic, TypeVar

from benchmarks.common.processes import Memory, cpu_seconds, memory, settle
from benchmarks.common.servers import Target
from benchmarks.common.stall_probe import StallProbe


@dataclass(frozen=True)
class Case:
    """What a row of a table measures; its fields are the first cells of the row."""

    def __str__(self) -> str:
        return ", ".join(
            f"{value} {name}" if isinstance(value, int) else str(value)
            for name, value in asdict(self).items()
        )

    def cells(self) -> list[str]:
        """The fields as cells of a table."""
        return [str(value) for value in asdict(self).values()]


@dataclass(frozen=True)
class Outcome:
    """What came of one request. Times are in seconds from its beginning."""

    request: str
    """What was sent, for the list of failures."""
    failure: str = field(default="", kw_only=True)
    """Why the reply is not complete; empty if it is."""
    ended_s: float = field(default=math.inf, kw_only=True)
    """When the reply was complete; infinite on failure."""


Request = TypeVar("Request")
Side = TypeVar("Side")
CaseT = TypeVar("CaseT", bound=Case)
OutcomeT = TypeVar("OutcomeT", bound=Outcome)


@dataclass(frozen=True)
class Figures(Generic[CaseT]):
    """What was measured of one case on one server."""

    case: CaseT
    server: str


FiguresT = TypeVar("FiguresT", bound=Figures[Any])
Ask = Callable[[Target, Sequence[Request]], Awaitable[list[OutcomeT]]]
"""Sends all requests to a server at the same time."""


@dataclass(frozen=True)
class Plan(Generic[CaseT, Request]):
    """The requests of one case. Those of a round are sent at the same time."""

    case: CaseT
    rounds: tuple[tuple[Request, ...], ...]


@dataclass(frozen=True)
class Measured(Figures[CaseT], Generic[CaseT, OutcomeT]):
    """The replies of one server in one case, and the resources it used."""

    answers: tuple[OutcomeT, ...]
    wall_s: float = 0.0
    """From the beginning of each round to its last complete reply, all rounds together."""
    cpu_s: float | None = None
    """CPU time of the server, from the beginning of each round until it is idle again."""
    memory: Memory | None = None
    late_s: float = 0.0
    """The longest pause of this process."""


def by_turns(rounds: Iterable[Request], sides: Sequence[Side]) -> Iterator[tuple[Request, Side]]:
    """Pair each round with every side; the order of the sides is reversed every other round."""
    for number, requests in enumerate(rounds):
        for side in sides if number % 2 == 0 else reversed(sides):
            yield requests, side


async def measure(
    plan: Plan[CaseT, Request],
    targets: Sequence[Target],
    ask: Ask[Request, OutcomeT],
    *,
    repeat_as: CaseT | None = None,
) -> list[Measured[CaseT, OutcomeT]]:
    """Send each round to one server after the other.

    With `repeat_as` each server gets the round twice in a row; the second time is measured as a
    case of its own.
    """
    cases = [plan.case] if repeat_as is None else [plan.case, repeat_as]
    records: dict[tuple[CaseT, str], _Record[CaseT, OutcomeT]] = {
        (case, target.name): _Record(case, target) for case in cases for target in targets
    }
    for requests, target in by_turns(plan.rounds, targets):
        for case in cases:
            await records[case, target.name].play(ask(target, requests))
    return [record.measured() for record in records.values()]


async def warm_up(
    targets: Sequence[Target], requests: Sequence[Request], ask: Ask[Request, OutcomeT]
) -> None:
    """Send a round that is not measured, so that no figure includes work done only once."""
    for target in targets:
        await ask(target, requests)
        if target.pid:
            await settle(target.pid)


def pairs(
    figures: Sequence[FiguresT], first: str, other: str
) -> Iterator[tuple[FiguresT, FiguresT]]:
    """The figures of two servers for each case that was measured on both."""
    others = {one.case: one for one in figures if one.server == other}
    for one in figures:
        if one.server == first and one.case in others:
            yield one, others[one.case]


class _Record(Generic[CaseT, OutcomeT]):
    """The answers of one server in the rounds so far, and the resources it used."""

    def __init__(self, case: CaseT, target: Target) -> None:
        self._case = case
        self._target = target
        self._answers: list[OutcomeT] = []
        self._wall_s = 0.0
        self._cpu_s = 0.0
        self._late_s = 0.0

    async def play(self, asking: Awaitable[list[OutcomeT]]) -> None:
        pid = self._target.pid
        before = cpu_seconds(pid) if pid else 0.0
        began = time.monotonic()
        with StallProbe() as probe:
            answers = await asking
        elapsed_s = time.monotonic() - began
        self._late_s = max(self._late_s, probe.latest_s)
        ended_s = [answer.ended_s for answer in answers if not answer.failure]
        self._wall_s += max(ended_s, default=elapsed_s)
        self._answers += answers
        if pid:
            await settle(pid)
            self._cpu_s += cpu_seconds(pid) - before

    def measured(self) -> Measured[CaseT, OutcomeT]:
        pid = self._target.pid
        return Measured(
            *(self._case, self._target.name, tuple(self._answers), self._wall_s),
            cpu_s=self._cpu_s if pid else None,
            memory=memory(pid) if pid else None,
            late_s=self._late_s,
        )
