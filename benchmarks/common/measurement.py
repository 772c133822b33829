"""Measures servers in alternation, with the same requests, never two at the same time."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from benchmarks.common.processes import Memory, cpu_seconds, memory, settle
from benchmarks.common.servers import Target
from benchmarks.common.stall_probe import StallProbe


class TimedAnswer(Protocol):
    """The answer to one request."""

    @property
    def name(self) -> str:
        """What was asked, for the list of failures."""

    @property
    def ended_s(self) -> float:
        """Seconds from the beginning of the request to the end of the answer; infinite on failure."""

    @property
    def failure(self) -> str:
        """Why there is no answer; empty if there is one."""


class Comparable(Protocol):
    """Figures of one case on one server."""

    @property
    def case(self) -> Hashable:
        """What was measured."""

    @property
    def server(self) -> str:
        """Name of the server."""


Request = TypeVar("Request")
Answer = TypeVar("Answer", bound=TimedAnswer)
Case = TypeVar("Case", bound=Hashable)
Side = TypeVar("Side")
Figures = TypeVar("Figures", bound=Comparable)

Ask = Callable[[Target, Sequence[Request]], Awaitable[list[Answer]]]
"""Sends all requests to a server at the same time."""


@dataclass(frozen=True)
class Plan(Generic[Case, Request]):
    """The requests of one case. Those of a round are sent at the same time."""

    case: Case
    rounds: tuple[tuple[Request, ...], ...]


@dataclass(frozen=True)
class Measured(Generic[Case, Answer]):
    """One case on one server."""

    case: Case
    server: str
    answers: tuple[Answer, ...]
    wall_s: float = 0.0
    """From the beginning of each round to its last complete answer, all rounds together."""
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
    plan: Plan[Case, Request],
    targets: Sequence[Target],
    ask: Ask[Request, Answer],
    *,
    repeat_as: Case | None = None,
) -> list[Measured[Case, Answer]]:
    """Send each round to one server after the other.

    With `repeat_as` each server gets the round twice in a row; the second time is measured as a
    case of its own.
    """
    cases = [plan.case] if repeat_as is None else [plan.case, repeat_as]
    records: dict[tuple[Case, str], _Record[Case, Answer]] = {
        (case, target.name): _Record(case, target) for case in cases for target in targets
    }
    for requests, target in by_turns(plan.rounds, targets):
        for case in cases:
            await records[case, target.name].play(ask(target, requests))
    return [record.measured() for record in records.values()]


async def warm_up(
    targets: Sequence[Target], requests: Sequence[Request], ask: Ask[Request, Answer]
) -> None:
    """Send a round that is not measured, so that no figure includes work done only once."""
    for target in targets:
        await ask(target, requests)
        if target.pid:
            await settle(target.pid)


def pairs(figures: Sequence[Figures], first: str, other: str) -> Iterator[tuple[Figures, Figures]]:
    """The figures of two servers for each case that was measured on both."""
    others = {one.case: one for one in figures if one.server == other}
    for one in figures:
        if one.server == first and one.case in others:
            yield one, others[one.case]


class _Record(Generic[Case, Answer]):
    """The answers of one server in the rounds so far, and the resources it used."""

    def __init__(self, case: Case, target: Target) -> None:
        self._case = case
        self._target = target
        self._answers: list[Answer] = []
        self._wall_s = 0.0
        self._cpu_s = 0.0
        self._late_s = 0.0

    async def play(self, asking: Awaitable[list[Answer]]) -> None:
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

    def measured(self) -> Measured[Case, Answer]:
        pid = self._target.pid
        return Measured(
            *(self._case, self._target.name, tuple(self._answers), self._wall_s),
            cpu_s=self._cpu_s if pid else None,
            memory=memory(pid) if pid else None,
            late_s=self._late_s,
        )
