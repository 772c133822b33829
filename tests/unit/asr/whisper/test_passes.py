from __future__ import annotations

from itertools import pairwise

import pytest

from wyoming_voice_stack.asr.whisper.passes import (
    BASE_MODEL_BYTES,
    PARTIAL,
    TINY_MODEL_BYTES,
    DecodePass,
    DecodePasses,
    passes_on_cpu,
    passes_on_cuda,
)
from wyoming_voice_stack.asr.whisper.window import WINDOW_S, Hypothesis

SIZES = (75_000_000, 145_000_000, 480_000_000, 3_000_000_000)


def heard(avg_logprob: float, no_speech_prob: float = 0.1) -> Hypothesis:
    return Hypothesis(
        text="Yes.",
        avg_logprob=avg_logprob,
        no_speech_prob=no_speech_prob,
        compression_ratio=1.1,
        endless=False,
        unheard_s=0.0,
    )


@pytest.mark.parametrize(
    ("one", "sure"),
    [
        (heard(-0.3), True),
        (heard(-0.4), True),
        (heard(-0.41), False),
        (heard(-0.1, no_speech_prob=0.6), True),
        (heard(-0.1, no_speech_prob=0.61), False),
    ],
)
def test_what_is_sure(one: Hypothesis, *, sure: bool) -> None:
    assert DecodePass(4, -0.4).is_sure(one) is sure


@pytest.mark.parametrize("looks", [*map(passes_on_cpu, SIZES), passes_on_cuda()])
def test_each_look_is_closer_than_the_one_before(looks: DecodePasses) -> None:
    for language in ("en", "it", None):
        for wide, close in pairwise(looks.at(language)):
            assert close.context_s > wide.context_s
            # None stands for as many as the household asks for: never fewer than one.
            assert close.beams is None or close.beams >= (wide.beams or 1)


def test_only_the_measured_models_begin_with_one_hypothesis() -> None:
    begin = {size: passes_on_cpu(size).english[0].beams for size in SIZES}
    assert begin == {75_000_000: None, 145_000_000: 1, 480_000_000: None, 3_000_000_000: None}
    assert TINY_MODEL_BYTES < 145_000_000 < BASE_MODEL_BYTES


def test_a_language_that_is_not_known_is_looked_at_as_carefully_as_the_others() -> None:
    looks = passes_on_cpu(145_000_000)
    assert looks.at(None) == looks.at("fr") == looks.others != looks.at("en")


def test_the_smallest_models_end_with_the_full_window() -> None:
    assert passes_on_cpu(75_000_000).english[-1].context_s == WINDOW_S


def test_a_draft_is_the_cheapest_look() -> None:
    looks = [passes_on_cpu(size).at(language)[0] for size in SIZES for language in ("en", "fr")]
    assert all(PARTIAL.context_s <= look.context_s for look in looks)
