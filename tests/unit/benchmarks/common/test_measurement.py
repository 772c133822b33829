"""Servers are measured in alternation, and only the same cases are compared."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.common.measurement import (
    Case,
    Measured,
    Outcome,
    Plan,
    by_turns,
    measure,
    pairs,
    warm_up,
)
from benchmarks.common.servers import Target

TARGETS = [Target("x", "127.0.0.1", 1, os.getpid()), Target("y", "127.0.0.1", 2)]


@dataclass(frozen=True)
class LetterCase(Case):
    letter: str
    count: int = 1


A, B = LetterCase("a"), LetterCase("b")


class AskedServers:
    """Answers each request after as many seconds as it names; 0 fails."""

    def __init__(self) -> None:
        self.log: list[tuple[str, tuple[int, ...]]] = []

    async def ask(self, target: Target, requests: Sequence[int]) -> list[Outcome]:
        self.log.append((target.name, tuple(requests)))
        return [
            Outcome(
                str(seconds),
                ended_s=float(seconds) or math.inf,
                failure="" if seconds else "closed",
            )
            for seconds in requests
        ]


def test_the_order_of_the_sides_is_reversed_every_other_round() -> None:
    assert list(by_turns([1, 2, 3], "xy")) == [
        *((1, "x"), (1, "y"), (2, "y"), (2, "x"), (3, "x"), (3, "y"))
    ]


async def test_each_server_gets_each_round() -> None:
    servers = AskedServers()
    found = await measure(Plan(A, ((1, 2), (3, 0))), TARGETS, servers.ask)
    assert servers.log == [("x", (1, 2)), ("y", (1, 2)), ("y", (3, 0)), ("x", (3, 0))]
    assert [(one.case, one.server) for one in found] == [(A, "x"), (A, "y")]
    for one in found:
        assert [answer.request for answer in one.answers] == ["1", "2", "3", "0"]
        assert one.wall_s == 2 + 3
    assert found[0].cpu_s is not None
    assert found[0].memory is not None
    assert (found[1].cpu_s, found[1].memory) == (None, None)


async def test_a_repeated_round_is_a_case_of_its_own() -> None:
    servers = AskedServers()
    found = await measure(Plan(A, ((1,), (2,))), TARGETS[1:], servers.ask, repeat_as=B)
    assert servers.log == [("y", (1,)), ("y", (1,)), ("y", (2,)), ("y", (2,))]
    assert [(one.case, one.wall_s) for one in found] == [(A, 3), (B, 3)]


async def test_warming_up_asks_every_server() -> None:
    servers = AskedServers()
    await warm_up(TARGETS, [1], servers.ask)
    assert servers.log == [("x", (1,)), ("y", (1,))]


def test_only_the_same_cases_are_paired() -> None:
    figures = [
        Measured[LetterCase, Outcome](LetterCase(letter), server, ())
        for letter, server in ("ax", "by", "bx", "cy", "az")
    ]
    assert [(one.case, other.server) for one, other in pairs(figures, "x", "y")] == [(B, "y")]


def test_a_case_is_shown_by_its_fields() -> None:
    assert str(LetterCase("a", 4)) == "a, 4 count"
    assert LetterCase("a", 4).cells() == ["a", "4"]
