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

Scenario: TypeAlias = Literal["real-time", "at-once", "one-by-one", "beside-file"]

SCENARIOS: tuple[Scenario, ...] = ("real-time", "at-once", "one-by-one", "beside-file")
USUAL_SCENARIOS: tuple[Scenario, ...] = ("real-time", "at-once")
SINGLE_ROUND: tuple[Scenario, ...] = ("one-by-one", "beside-file")


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
    """Divide the first `most` utterances into rounds, at least one; those of `SINGLE_ROUND` have one.

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
    if case.scenario in SINGLE_ROUND:
        return Plan(case, (tuple(utterances[: count * streams]),))
    divided = tuple(tuple(utterances[n * streams : (n + 1) * streams]) for n in range(count))
    return Plan(case, divided)


async def measure_plan(
    one: TranscriptionPlan, targets: Sequence[Target], file: EncodedUtterance | None = None
) -> list[MeasuredTranscription]:
    """Send each round to one server after the other; `beside-file` needs a `file`."""
    if one.case.scenario == "one-by-one":
        return await measure(one, targets, one_by_one(one.case.streams))
    if one.case.scenario == "beside-file" and file is not None:
        return await measure(one, targets, beside_file(one_by_one(one.case.streams), file))
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


def beside_file(
    speak: Ask[EncodedUtterance, Answer], file: EncodedUtterance
) -> Ask[EncodedUtterance, Answer]:
    """How a round is sent while the server transcribes a long file, again and again.

    Raises:
        BenchmarkError: the file has no text.
    """

    async def ask(target: Target, utterances: Sequence[EncodedUtterance]) -> list[Answer]:
        sending_files = asyncio.create_task(_send_again_and_again(target, file))
        speaking = asyncio.ensure_future(speak(target, utterances))
        try:
            await asyncio.wait([sending_files, speaking], return_when=asyncio.FIRST_COMPLETED)
            if sending_files.done():
                await sending_files
            return await speaking
        finally:
            for task in (sending_files, speaking):
                task.cancel()
            await asyncio.gather(sending_files, speaking, return_exceptions=True)

    return ask


async def _send_again_and_again(target: Target, file: EncodedUtterance) -> None:
    while True:
        [answer] = await play_together(target.host, target.port, [file], real_time=False)
        if not answer.text:
            raise BenchmarkError(
                f"{target.name} has no text for the file: {answer.failure or 'empty'}."
            )
