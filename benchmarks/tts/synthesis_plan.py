"""What is measured of text to speech: texts of several lengths, plain and streamed, from several clients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from benchmarks.common.measurement import Case, Measured, Plan, measure
from benchmarks.common.servers import Target
from benchmarks.tts.generated_texts import Length, Texts
from benchmarks.tts.synthesis_client import EncodedText, Reply, Scenario, ask_together, encode_text

AGAIN = " again"
"""Added to the name of a scenario whose texts are spoken a second time."""


@dataclass(frozen=True)
class ClientCase(Case):
    """So many clients at the same time, with texts of one length."""

    scenario: str
    length: str
    clients: int


SynthesisPlan: TypeAlias = Plan[ClientCase, EncodedText]
MeasuredSynthesis: TypeAlias = Measured[ClientCase, Reply]


def plan(
    scenario: Scenario,
    length: Length,
    clients: int,
    texts: Texts,
    *,
    most: int,
    words_per_second: float,
) -> SynthesisPlan:
    """Make rounds of new texts: as many as `most` requests fill, at least one."""
    rounds = tuple(
        tuple(encode_text(scenario, texts.take(length), words_per_second) for _ in range(clients))
        for _ in range(max(1, most // clients))
    )
    return Plan(ClientCase(scenario, length, clients), rounds)


async def measure_plan(
    one: SynthesisPlan, targets: Sequence[Target], *, again: bool
) -> list[MeasuredSynthesis]:
    """Send each round to one server after the other; with `again` twice, measured separately."""
    repeat_as = replace(one.case, scenario=one.case.scenario + AGAIN) if again else None
    return await measure(one, targets, send, repeat_as=repeat_as)


async def send(target: Target, requests: Sequence[EncodedText]) -> list[Reply]:
    """Send a round to a server."""
    return await ask_together(target.host, target.port, requests)
