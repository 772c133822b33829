"""Placing words in speech: the shift of all of them, pauses, silence and noise around."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.support.speech import silence
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.asr.whisper.word_edges import (
    LETTER_S,
    MAX_SHIFT_S,
    WORD_S,
    place_words,
)

THREE = ("aaaa", "bbbb", "cccc")


def tone(seconds: float, level: float = 0.5) -> Samples:
    time = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (np.sin(time * 3000) * level).astype(np.float32)


def joined(*parts: Samples) -> Samples:
    return np.concatenate(parts)


def times(
    samples: Samples, words: tuple[str, ...], starts: tuple[float, ...] | None
) -> list[tuple[float, float]]:
    return [
        (round(word.start_s, 2), round(word.end_s, 2))
        for word in place_words(samples, words, starts)
    ]


def test_silence_around_speech_belongs_to_no_word() -> None:
    samples = joined(silence(0.5), tone(0.9), silence(0.4))
    placed = times(samples, THREE, (0.0, 0.8, 1.1))
    assert placed == [(0.5, 0.8), (0.8, 1.1), (1.1, 1.4)]


@pytest.mark.parametrize("late", [-0.2, 0.2])
def test_attention_that_is_always_early_or_late_is_shifted(late: float) -> None:
    words = ("aaaa",) * 12
    samples = joined(silence(0.5), tone(6.0), silence(0.5))
    true = [0.5 + 0.5 * number for number in range(12)]
    placed = place_words(samples, words, [start + late for start in true])
    starts = [word.start_s for word in placed]
    assert starts == pytest.approx(true, abs=0.05)


def test_the_shift_is_limited() -> None:
    samples = joined(silence(0.5), tone(6.0), silence(0.5))
    true = [0.5 + 0.5 * number for number in range(12)]
    placed = place_words(samples, ("aaaa",) * 12, [start + 1.0 for start in true])
    assert placed[5].start_s == pytest.approx(true[5] + 1.0 - MAX_SHIFT_S, abs=0.01)


@pytest.mark.parametrize("noise", [0.0, 0.005, 0.02])
def test_words_end_and_begin_at_the_pause_between_them(noise: float) -> None:
    hiss = np.random.default_rng(1).normal(0, 1, round(2.2 * SAMPLE_RATE)).astype(np.float32)
    samples = joined(silence(0.3), tone(0.4), silence(0.3), tone(0.9), silence(0.3))
    placed = times(samples + hiss * np.float32(noise), THREE, (0.1, 0.8, 1.4))
    assert placed[0] == (0.3, 0.7)
    assert placed[1][0] == 1.0


def test_the_silence_inside_a_word_is_no_pause() -> None:
    samples = joined(tone(0.4), silence(0.06), tone(0.4), tone(0.4))
    first, second, _ = times(samples, THREE, (0.0, 0.42, 0.86))
    assert first[1] == second[0]


def test_noise_beside_a_word_is_not_part_of_it() -> None:
    placed = place_words(tone(8.0), ("no", "yes"), (0.0, 4.0))
    assert placed[0].end_s - placed[0].start_s == pytest.approx(WORD_S + 3 * LETTER_S)
    assert placed[1].end_s - placed[1].start_s == pytest.approx(WORD_S + 4 * LETTER_S)


def test_words_without_attention_are_placed_by_their_length() -> None:
    assert times(tone(1.0), ("aaaa", "aaaaaaaaa"), None) == [(0.0, 0.33), (0.33, 1.0)]


@pytest.mark.parametrize("samples", [silence(0.0), silence(0.005), silence(2.0), tone(0.02)])
@pytest.mark.parametrize("starts", [None, (0.0, 0.0, 0.0), (5.0, 1.0, -3.0)])
def test_times_are_in_order_whatever_the_sound(
    samples: Samples, starts: tuple[float, ...] | None
) -> None:
    placed = place_words(samples, THREE, starts)
    assert [word.text for word in placed] == list(THREE)
    for before, after in pairwise(placed):
        assert 0 <= before.start_s <= before.end_s <= after.start_s <= after.end_s
        assert after.end_s <= len(samples) / SAMPLE_RATE


def test_no_words() -> None:
    assert place_words(tone(1.0), (), ()) == ()


def test_a_digit_is_as_long_as_a_word() -> None:
    [(_, first), (second, _)] = times(tone(1.0), ("123", "abcdefghi"), None)
    assert first == second == 0.5
