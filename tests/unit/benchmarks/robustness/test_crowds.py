"""Crowds of clients count their answers, and the gaps that a listener would hear."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, async_read_event, async_write_event

from benchmarks.robustness.attack import AttackRun
from benchmarks.robustness.attacks.catalogue import attack_named
from benchmarks.robustness.attacks.crowds import gaps_s
from tests.unit.benchmarks.robustness.test_attacks import attacked, serving

FORM = (1000, 2, 1)
HALF_A_SECOND = AudioChunk(*FORM, bytes(1000)).event()
SPEECH = (AudioStart(*FORM).event(), HALF_A_SECOND, AudioStop().event())
CROWD = "64 speakers at once"


@pytest.mark.parametrize(
    ("arrivals_s", "expected"),
    [
        ((0.0, 0.5, 1.0), []),
        ((0.0, 0.1, 0.2), []),
        ((0.0, 0.9, 1.3), [0.4]),
        ((0.0, 0.9, 2.0), [0.4, 0.6]),
        ((5.0,), []),
        ((), []),
    ],
)
def test_gaps(arrivals_s: tuple[float, ...], expected: list[float]) -> None:
    reply = [(arrived, HALF_A_SECOND) for arrived in arrivals_s]
    assert gaps_s([*reply, (9.0, AudioStop().event())]) == pytest.approx(expected)


async def answered(name: str, *reply: Event, enough: Callable[[AttackRun], object]) -> AttackRun:
    """Attack a server that gives each request the same reply."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await async_read_event(reader) is not None:
            for event in reply:
                await async_write_event(event, writer)

    async with serving(serve) as port:
        return await attacked(port, attack_named(name), "tts", enough=enough)


async def test_answers_and_refusals_are_counted() -> None:
    run = await answered(CROWD, *SPEECH, enough=lambda run: run.counts["answered"])
    assert run.counts["answered"] >= 1
    assert run.counts["with gaps"] == 0
    assert "median wait" in run.summary()
    busy = Error("Try again later.", "busy").event()
    run = await answered(CROWD, busy, enough=lambda run: run.counts["answered busy"])
    assert run.counts["answered busy"] >= 1
    assert run.counts["answered"] == 0


async def test_the_time_of_a_sentence_is_measured_twice() -> None:
    run = await answered("the same sentences again", *SPEECH, enough=lambda run: run.facts)
    assert "of the same sentence again after" in run.summary()
