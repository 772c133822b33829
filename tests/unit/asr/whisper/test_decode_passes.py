from __future__ import annotations

from itertools import pairwise

import pytest

from tests.support.hypotheses import hypothesis
from wyoming_voice_stack.asr.whisper.decode_passes import (
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


@pytest.mark.parametrize(
    ("one", "sure"),
    [
        (hypothesis(-0.3), True),
        (hypothesis(-0.4), True),
        (hypothesis(-0.41), False),
        (hypothesis(-0.1, no_speech_prob=0.6), True),
        (hypothesis(-0.1, no_speech_prob=0.61), False),
    ],
)
def test_what_is_sure(one: Hypothesis, *, sure: bool) -> None:
    assert DecodePass(4, -0.4).is_sure(one) is sure


@pytest.mark.parametrize("passes", [*map(passes_on_cpu, SIZES), passes_on_cuda()])
def test_each_pass_takes_more_effort_than_the_one_before(passes: DecodePasses) -> None:
    for language in ("en", "it", None):
        for first, second in pairwise(passes.for_language(language)):
            assert second.context_s > first.context_s
            # None is the beam size of the settings, which is at least 1.
            assert second.beams is None or second.beams >= (first.beams or 1)


def test_only_the_measured_models_begin_with_one_hypothesis() -> None:
    begin = {size: passes_on_cpu(size).english[0].beams for size in SIZES}
    assert begin == {75_000_000: None, 145_000_000: 1, 480_000_000: None, 3_000_000_000: None}
    assert TINY_MODEL_BYTES < 145_000_000 < BASE_MODEL_BYTES


def test_an_unknown_language_has_the_passes_of_other_languages() -> None:
    passes = passes_on_cpu(145_000_000)
    assert (
        passes.for_language(None)
        == passes.for_language("fr")
        == passes.others
        != passes.for_language("en")
    )


def test_the_smallest_models_end_with_the_full_window() -> None:
    assert passes_on_cpu(75_000_000).english[-1].context_s == WINDOW_S


def test_partial_text_takes_the_cheapest_pass() -> None:
    passes = [
        passes_on_cpu(size).for_language(language)[0] for size in SIZES for language in ("en", "fr")
    ]
    assert all(PARTIAL.context_s <= one.context_s for one in passes)
