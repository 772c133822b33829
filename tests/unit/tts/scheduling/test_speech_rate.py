from __future__ import annotations

import math

import pytest

from wyoming_voice_stack.tts.scheduling.speech_rate import (
    INITIAL_SPEED,
    MEASURED_SECONDS,
    MEMORY_SECONDS,
    SpeechRate,
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def computed(rate: SpeechRate, clock: Clock, took_s: float, audio_s: float) -> None:
    with rate.computing():
        clock.now += took_s
    rate.add(audio_s)


def test_assumed_until_measured() -> None:
    assert SpeechRate().speed == pytest.approx(INITIAL_SPEED)


def test_follows_what_is_measured() -> None:
    clock = Clock()
    rate = SpeechRate(clock)
    for _ in range(100):
        computed(rate, clock, 0.5, 6.0)
    assert rate.speed == pytest.approx(12.0, rel=0.01)
    for _ in range(round(4 * MEMORY_SECONDS / 0.5)):
        computed(rate, clock, 0.5, 1.0)
    assert rate.speed == pytest.approx(2.0, rel=0.2)


def test_a_measurement_loses_two_thirds_of_its_weight_in_its_time() -> None:
    clock = Clock()
    rate = SpeechRate(clock)
    for _ in range(100):
        computed(rate, clock, 0.5, 6.0)
    for _ in range(round(MEMORY_SECONDS / 0.5)):
        computed(rate, clock, 0.5, 0.5)
    kept = math.exp(-1)
    assert rate.speed == pytest.approx(12.0 * kept + 1.0 * (1 - kept), rel=0.01)


def test_is_not_slower_than_real_time_before_it_was_measured_for_long() -> None:
    clock = Clock()
    rate = SpeechRate(clock)
    computed(rate, clock, MEASURED_SECONDS - 0.5, 0.1)
    assert rate.speed == 1.0
    computed(rate, clock, 0.5, 0.1)
    assert rate.speed < 0.5
    fast = SpeechRate(clock)
    computed(fast, clock, 0.1, 1.0)
    assert fast.speed > 3


def test_idle_time_is_not_counted() -> None:
    clock = Clock()
    rate = SpeechRate(clock)
    for _ in range(100):
        computed(rate, clock, 0.5, 6.0)
        clock.now += 1000
    assert rate.speed == pytest.approx(12.0, rel=0.01)


def test_time_of_sentences_side_by_side_is_counted_once() -> None:
    clock = Clock()
    rate = SpeechRate(clock)
    for _ in range(100):
        with rate.computing(), rate.computing():
            clock.now += 0.5
        rate.add(3.0)
        rate.add(3.0)
    assert rate.speed == pytest.approx(12.0, rel=0.01)


def test_audio_that_took_no_time() -> None:
    clock = Clock()
    rate = SpeechRate(clock)
    rate.add(1.0)
    assert rate.speed > INITIAL_SPEED
