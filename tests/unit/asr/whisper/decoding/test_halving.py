from __future__ import annotations

import numpy as np
import pytest

from tests.support.hypotheses import hypothesis
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples, Speech, TranscriptionRequest
from wyoming_voice_stack.asr.whisper.decoding.halving import (
    EDGE_S,
    MAX_HALVINGS,
    SHORTEST_S,
    decode_in_halves,
    halves,
    repeats_speech,
)
from wyoming_voice_stack.asr.whisper.decoding.window import Hypothesis


def speech(seconds: float) -> Speech:
    noise = np.random.default_rng(0).normal(0, 0.1, round(seconds * SAMPLE_RATE))
    return Speech(noise.astype(np.float32), TranscriptionRequest(language="en"))


class Decoder:
    """Loops on parts that are longer than `loops_above_s`."""

    def __init__(self, loops_above_s: float) -> None:
        self.loops_above_s = loops_above_s
        self.seconds: list[float] = []

    def __call__(self, part: Speech) -> Hypothesis:
        self.seconds.append(len(part.samples) / SAMPLE_RATE - 2 * EDGE_S)
        loops = self.seconds[-1] > self.loops_above_s
        return hypothesis(-0.3, text=f"{len(self.seconds)}", compression_ratio=9 if loops else 1)


def test_speech_is_halved_until_no_part_loops() -> None:
    decoder = Decoder(loops_above_s=3)
    found = decode_in_halves(speech(8), decoder)
    short = [seconds for seconds in decoder.seconds if seconds <= 3]
    assert len(found) == len(short)
    assert sum(short) == pytest.approx(8)
    # The parts that had to be divided are left out, and the order is that of the speech.
    texts = [int(one.text) for one in found]
    assert texts == sorted(texts)
    assert all(one.compression_ratio == 1 for one in found)


@pytest.mark.parametrize("seconds", [2.0, 28.0])
def test_the_number_of_parts_is_bounded(seconds: float) -> None:
    decoder = Decoder(loops_above_s=0)
    found = decode_in_halves(speech(seconds), decoder)
    assert len(found) <= 2**MAX_HALVINGS
    assert min(decoder.seconds) >= SHORTEST_S / 3 - 0.1
    assert all(one.compression_ratio == 9 for one in found)


def test_the_cut_is_in_the_pause() -> None:
    loud = np.tile(np.array([0.5, -0.5], np.float32), SAMPLE_RATE // 2)
    pause = np.zeros(SAMPLE_RATE // 10, np.float32)
    first, last = halves(np.concatenate([loud, pause, loud[: SAMPLE_RATE // 2]]))
    assert len(loud) < len(first) < len(loud) + len(pause)
    assert len(first) + len(last) == 2 * len(loud) + len(pause) - SAMPLE_RATE // 2


@pytest.mark.parametrize("count", [0, 1, 2, 500, 1_000])
def test_any_length_is_halved(count: int) -> None:
    samples: Samples = np.arange(count, dtype=np.float32)
    np.testing.assert_array_equal(np.concatenate(halves(samples)), samples)


@pytest.mark.parametrize(
    ("ratio", "no_speech", "repeats"), [(2.3, 0.1, False), (2.5, 0.1, True), (2.5, 0.7, False)]
)
def test_what_repeats_speech(ratio: float, no_speech: float, *, repeats: bool) -> None:
    one = hypothesis(-0.3, compression_ratio=ratio, no_speech_prob=no_speech)
    assert repeats_speech([hypothesis(-0.3), one]) is repeats
    assert not repeats_speech([])
