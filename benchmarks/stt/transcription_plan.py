"""What is measured of speech to text: utterances in real time and at once, one or several at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from benchmarks.common.errors import BenchmarkError
from benchmarks.common.measurement import Ask, Case, Measured, Plan, measure
from benchmarks.common.servers import Target
from benchmarks.stt.utterance_client import Answer, EncodedUtterance, play_together

Scenario: TypeAlias = Literal["real-time", "at-once", "one-by-one"]

SCENARIOS: tuple[Scenario, ...] = ("real-time", "at-once", "one-by-one")
USUAL_SCENARIOS: tuple[Scenario, ...] = ("real-time", "at-once")


@dataclass(frozen=True)
class StreamCase(Case):
    """So many streams at the same time."""

    scenario: Scenario
    streams: int


TranscriptionPlan: TypeAlias = Plan[StreamCase, EncodedUtterance]
MeasuredTranscription: TypeAlias = Measured[StreamCase, Answer]


def plan(
    case: StreamCase, utterances: Sequence[EncodedUtterance], most: int, rounds: int | None
) -> TranscriptionPlan:
    """Divide the first `most` utterances into rounds, at least one; `one-by-one` has a single round.

    Raises:
        BenchmarkError: there are fewer utterances than streams.
    """
    streams = case.streams
    if len(utterances) < streams:
        raise BenchmarkError(
            f"Not enough utterances for {streams} streams: {len(utterances)}."
            " Choose fewer --streams, or a larger --longest."
        )
    count = max(1, min(most, len(utterances)) // streams)
    if rounds is not None:
        count = min(count, rounds)
    if case.scenario == "one-by-one":
        return Plan(case, (tuple(utterances[: count * streams]),))
    divided = tuple(tuple(utterances[n * streams : (n + 1) * streams]) for n in range(count))
    return Plan(case, divided)


async def measure_plan(
    one: TranscriptionPlan, targets: Sequence[Target]
) -> list[MeasuredTranscription]:
    """Send each round to one server after the other."""
    if one.case.scenario == "one-by-one":
        return await measure(one, targets, one_by_one(one.case.streams))
    return await measure(one, targets, sending(real_time=one.case.scenario == "real-time"))


def sending(*, real_time: bool) -> Ask[EncodedUtterance, Answer]:
    """How a round is sent."""

    async def ask(target: Target, utterances: Sequence[EncodedUtterance]) -> list[Answer]:
        return await play_together(target.host, target.port, utterances, real_time=real_time)

    return ask


def one_by_one(streams: int) -> Ask[EncodedUtterance, Answer]:
    """How satellites speak in real time, each the next utterance when the last one is answered."""

    async def ask(target: Target, utterances: Sequence[EncodedUtterance]) -> list[Answer]:
        async def speak(own: Sequence[EncodedUtterance]) -> list[Answer]:
            answers: list[Answer] = []
            for each in own:
                answers += await play_together(target.host, target.port, [each], real_time=True)
            return answers

        spoken = await asyncio.gather(*(speak(utterances[n::streams]) for n in range(streams)))
        return [answer for answers in spoken for answer in answers]

    return ask
