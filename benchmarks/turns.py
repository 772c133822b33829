"""Measures servers by turns, on the same utterances, never two at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from benchmarks.feeding import Answer, Script, play_together
from benchmarks.processes import Memory, cpu_seconds, memory, settle
from benchmarks.servers import Target

Scenario: TypeAlias = Literal["real-time", "at-once"]

SCENARIOS: tuple[Scenario, ...] = ("real-time", "at-once")


@dataclass(frozen=True)
class Plan:
    """So many streams at a time, round after round."""

    scenario: Scenario
    streams: int
    rounds: tuple[tuple[Script, ...], ...]


@dataclass(frozen=True)
class Measured:
    """One plan on one server."""

    scenario: Scenario
    streams: int
    server: str
    answers: tuple[Answer, ...]
    cpu_s: float | None
    """Of the server, from the first chunk of each round until it rests after it."""
    memory: Memory | None


def plan(
    scenario: Scenario, streams: int, scripts: Sequence[Script], most: int, rounds: int | None
) -> Plan:
    """Divide the first `most` utterances into rounds of `streams`, but make at least one.

    Raises:
        ValueError: there are fewer utterances than streams.
    """
    if len(scripts) < streams:
        raise ValueError(f"{streams} streams need as many utterances; there are {len(scripts)}")
    count = max(1, min(most, len(scripts)) // streams)
    if rounds is not None:
        count = min(count, rounds)
    divided = tuple(tuple(scripts[n * streams : (n + 1) * streams]) for n in range(count))
    return Plan(scenario, streams, divided)


async def measure(one: Plan, targets: Sequence[Target]) -> list[Measured]:
    """Play each round to one server after the other; who begins changes with every round."""
    answers: dict[str, list[Answer]] = {target.name: [] for target in targets}
    cpu_s = {target.name: 0.0 for target in targets}
    for number, scripts in enumerate(one.rounds):
        for target in targets if number % 2 == 0 else reversed(targets):
            found, used_s = await _play_round(target, scripts, real_time=_is_paced(one))
            answers[target.name] += found
            cpu_s[target.name] += used_s
    return [
        Measured(
            one.scenario,
            one.streams,
            target.name,
            tuple(answers[target.name]),
            cpu_s[target.name] if target.pid else None,
            memory(target.pid) if target.pid else None,
        )
        for target in targets
    ]


async def warm_up(targets: Sequence[Target], scripts: Sequence[Script]) -> None:
    """Have each server answer once, so that no measurement holds what it does the first time."""
    for target in targets:
        await _play_round(target, scripts[-1:], real_time=False)


async def _play_round(
    target: Target, scripts: Sequence[Script], *, real_time: bool
) -> tuple[list[Answer], float]:
    before = cpu_seconds(target.pid) if target.pid else 0.0
    answers = await play_together(target.host, target.port, scripts, real_time=real_time)
    if target.pid is None:
        return answers, 0.0
    await settle(target.pid)
    return answers, cpu_seconds(target.pid) - before


def _is_paced(one: Plan) -> bool:
    return one.scenario == "real-time"
