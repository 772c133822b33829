"""Has servers speak by turns, the same texts, never two at the same time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.processes import Memory, cpu_seconds, memory, settle
from benchmarks.servers import Target
from benchmarks.tts_feeding import Reply, Scenario, Script, ask_together, script
from benchmarks.tts_pulse import Pulse
from benchmarks.tts_texts import Length, Texts

AGAIN = " again"
"""Put after a scenario's name where each text was said a second time."""


@dataclass(frozen=True)
class Plan:
    """So many clients at a time, round after round."""

    scenario: Scenario
    length: Length
    clients: int
    rounds: tuple[tuple[Script, ...], ...]


@dataclass(frozen=True)
class Measured:
    """One plan on one server."""

    scenario: str
    length: str
    clients: int
    server: str
    replies: tuple[Reply, ...]
    wall_s: float
    """From the beginning of each round to the end of its last complete reply."""
    cpu_s: float | None
    """Of the server, from the beginning of each round until it rests after it."""
    memory: Memory | None
    late_s: float
    """How late this program itself was at worst."""


def plan(
    scenario: Scenario,
    length: Length,
    clients: int,
    texts: Texts,
    *,
    most: int,
    words_per_second: float,
) -> Plan:
    """Take new texts for as many rounds as `most` requests fill, but for one round at least."""
    rounds = tuple(
        tuple(script(scenario, texts.take(length), words_per_second) for _ in range(clients))
        for _ in range(max(1, most // clients))
    )
    return Plan(scenario, length, clients, rounds)


async def measure(one: Plan, targets: Sequence[Target], *, again: bool) -> list[Measured]:
    """Send each round to one server after the other; who begins changes with every round.

    With `again` each server gets the round a second time at once, which is measured on its own.
    """
    first = {target.name: _Record(one.scenario, one, target) for target in targets}
    second = {target.name: _Record(one.scenario + AGAIN, one, target) for target in targets}
    for number, scripts in enumerate(one.rounds):
        for target in targets if number % 2 == 0 else reversed(targets):
            await first[target.name].play(scripts)
            if again:
                await second[target.name].play(scripts)
    return list(_measured([first, second] if again else [first]))


async def warm_up(targets: Sequence[Target], scripts: Sequence[Script]) -> None:
    """Have each server speak once, so that no measurement holds what it does the first time."""
    for target in targets:
        await ask_together(target.host, target.port, scripts)


class _Record:
    """What one server did in all rounds so far."""

    def __init__(self, scenario: str, one: Plan, target: Target) -> None:
        self._scenario = scenario
        self._plan = one
        self._target = target
        self._replies: list[Reply] = []
        self._wall_s = 0.0
        self._cpu_s = 0.0
        self._late_s = 0.0

    async def play(self, scripts: Sequence[Script]) -> None:
        pid = self._target.pid
        before = cpu_seconds(pid) if pid else 0.0
        began = time.monotonic()
        with Pulse() as pulse:
            replies = await ask_together(self._target.host, self._target.port, scripts)
        self._late_s = max(self._late_s, pulse.latest_s)
        elapsed_s = time.monotonic() - began
        ended_s = [reply.ended_s for reply in replies if not reply.failure]
        self._wall_s += max(ended_s, default=elapsed_s)
        self._replies += replies
        if pid:
            await settle(pid)
            self._cpu_s += cpu_seconds(pid) - before

    def measured(self) -> Measured:
        pid = self._target.pid
        return Measured(
            *(self._scenario, self._plan.length, self._plan.clients, self._target.name),
            replies=tuple(self._replies),
            wall_s=self._wall_s,
            cpu_s=self._cpu_s if pid else None,
            memory=memory(pid) if pid else None,
            late_s=self._late_s,
        )


def _measured(records: Sequence[dict[str, _Record]]) -> Iterator[Measured]:
    for by_server in records:
        for record in by_server.values():
            yield record.measured()
