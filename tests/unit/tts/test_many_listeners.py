"""No reply that has begun has a gap, with any number of listeners, on engines of different speeds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

import pytest

from tests.support.simulated_speech import Listener, SimulatedEngine, simulated_backend
from tests.support.virtual_time import run_in_virtual_time
from wyoming_voice_stack.errors import Busy
from wyoming_voice_stack.tts.reply_places import WAIT_SECONDS

SENTENCES_S = {"short": (8, 0.4, 0.9), "several": (5, 1.0, 6.0), "long": (3, 8.0, 14.0)}
"""How many sentences a reply has, and how long the shortest and the longest are."""


def crowd(kind: str, count: int, arrive_within_s: float) -> list[Listener]:
    made = random.Random(1)
    sentences, shortest_s, longest_s = SENTENCES_S[kind]
    return [
        Listener(
            [made.uniform(shortest_s, longest_s) for _ in range(sentences)],
            address=f"10.0.0.{number % 4}",
            arrives_s=made.uniform(0.0, arrive_within_s),
        )
        for number in range(count)
    ]


def listen(
    speed: float, listeners: Sequence[Listener], monkeypatch: pytest.MonkeyPatch, cores: int = 1
) -> SimulatedEngine:
    """Let an engine that has spoken one reply before speak to all of them."""
    engines: list[SimulatedEngine] = []

    async def main(clock: Callable[[], float]) -> None:
        engines.append(engine := SimulatedEngine(speed, clock, cores))
        backend = simulated_backend(engine, clock, monkeypatch)

        async def listen_or_leave(listener: Listener) -> None:
            try:
                await listener.listen(backend, clock)
            except Busy as error:
                listener.refused = str(error)

        await Listener([3.0]).listen(backend, clock)
        await asyncio.gather(*map(listen_or_leave, listeners))

    run_in_virtual_time(main)
    return engines[0]


@pytest.mark.parametrize("arrive_within_s", [0.0, 20.0])
@pytest.mark.parametrize("kind", SENTENCES_S)
@pytest.mark.parametrize("speed", [2, 4, 7, 15, 30])
@pytest.mark.parametrize("count", [8, 64])
@pytest.mark.parametrize("cores", [1, 2])
def test_no_gaps(
    cores: int,
    count: int,
    speed: int,
    kind: str,
    arrive_within_s: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listeners = crowd(kind, count, arrive_within_s)
    listen(speed, listeners, monkeypatch, cores)
    heard = [listener for listener in listeners if not listener.refused]
    assert [listener.gaps_s for listener in heard] == [[]] * len(heard)
    # Those that could not begin in time were told so, and the engine was not idle meanwhile.
    spoken_s = sum(sum(listener.sentences_s) for listener in heard)
    assert len(heard) == count or spoken_s >= 0.35 * speed * WAIT_SECONDS


def test_refusals_are_due_after_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    listeners = crowd("long", 64, 0.0)
    listen(4, listeners, monkeypatch)
    refused = [listener for listener in listeners if listener.refused]
    assert refused
    assert all("waited 30 s" in listener.refused for listener in refused)
    assert all(listener.first_audio_s == float("inf") for listener in refused)


@pytest.mark.parametrize("kind", ["several", "long"])
def test_no_reply_with_a_place_waits_for_a_lane(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first audio would wait for the end of a sentence that others have in hand already."""
    assert listen(44, crowd(kind, 60, 0.0), monkeypatch, cores=2).most_waiting == 0
