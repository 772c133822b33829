from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product

import pytest

from tests.support.hypotheses import hypothesis
from wyoming_voice_stack.asr.whisper.decoding.decode_passes import (
    BASE_MODEL_BYTES,
    PARTIAL,
    TINY_MODEL_BYTES,
    DecodePass,
    DecodePasses,
    passes_on_cpu,
    passes_on_cuda,
    refine,
)
from wyoming_voice_stack.asr.whisper.decoding.window import WINDOW_S, Hypothesis

SIZES = (75_000_000, 145_000_000, 480_000_000, 3_000_000_000)


@pytest.mark.parametrize(
    ("one", "sure"),
    [
        (hypothesis(-0.3), True),
        (hypothesis(-0.4), True),
        (hypothesis(-0.41), False),
        (hypothesis(-0.1, no_speech_prob=0.6), True),
        (hypothesis(-0.3, no_speech_prob=0.61), True),
        (hypothesis(-0.31, no_speech_prob=0.61), False),
        (hypothesis(-0.1, no_speech_prob=0.85), True),
        (hypothesis(-0.1, no_speech_prob=0.86), False),
    ],
)
def test_what_is_sure(one: Hypothesis, *, sure: bool) -> None:
    assert DecodePass(4, -0.4).is_sure(one) is sure


@pytest.mark.parametrize("passes", [*map(passes_on_cpu, SIZES), passes_on_cuda()])
def test_each_pass_takes_more_effort_than_the_one_before(passes: DecodePasses) -> None:
    for language in ("en", "es", "it", None):
        for first, second in pairwise(passes.for_language(language)):
            # None is the beam size of the settings, which is at least 1.
            beams = [one.beams or 5 for one in (first, second)]
            assert second.context_s >= first.context_s
            assert beams[1] >= beams[0]
            assert (second.context_s, beams[1]) != (first.context_s, beams[0])


def test_only_the_measured_models_begin_with_one_hypothesis() -> None:
    begin = {size: passes_on_cpu(size).for_language("en")[0].beams for size in SIZES}
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


def test_spanish_has_a_second_pass_less_often() -> None:
    passes = passes_on_cpu(145_000_000)
    first, second = passes.for_language("es")
    others_first, others_second = passes.others
    assert second == others_second
    assert (first.context_s, first.beams) == (others_first.context_s, others_first.beams)
    assert others_first.is_sure(hypothesis(-0.4))
    assert not others_first.is_sure(hypothesis(-0.5))
    assert first.is_sure(hypothesis(-0.5))
    assert not first.is_sure(hypothesis(-0.6))


@pytest.mark.parametrize("passes", [*map(passes_on_cpu, SIZES), passes_on_cuda()])
def test_languages_of_one_group_share_their_passes(passes: DecodePasses) -> None:
    languages = ("en", "es", "fr", "it", None)
    for one, other in product(languages, repeat=2):
        same = passes.for_language(one) == passes.for_language(other)
        assert (passes.group(one) == passes.group(other)) == same


def test_the_smallest_models_end_with_the_full_window() -> None:
    assert passes_on_cpu(75_000_000).for_language("en")[-1].context_s == WINDOW_S


@pytest.mark.parametrize("language", ["en", "fr", None])
@pytest.mark.parametrize("passes", [*map(passes_on_cpu, SIZES)])
def test_partial_text_takes_the_cheapest_pass(passes: DecodePasses, language: str | None) -> None:
    partial, first = passes.for_partial_text(language), passes.for_language(language)[0]
    assert partial.context_s == min(PARTIAL.context_s, first.context_s)
    assert partial.beams == 1


class Decoder:
    """Notes what it is asked to decode, and is sure of a text if its effort suffices."""

    def __init__(self, efforts: Sequence[int], lengths: Sequence[int] = (2, 2, 2, 2)) -> None:
        self.calls: list[tuple[tuple[int, ...], int]] = []
        self._efforts = efforts
        self._lengths = lengths

    def window(self, index: int, decode_pass: DecodePass) -> int:
        return min(WINDOW_S, self._lengths[index] + decode_pass.context_s)

    def decode(self, indices: Sequence[int], decode_pass: DecodePass) -> list[Hypothesis]:
        self.calls.append((tuple(indices), decode_pass.context_s))
        return [self.judge(index, decode_pass) for index in indices]

    def judge(self, index: int, decode_pass: DecodePass) -> Hypothesis:
        sure = decode_pass.context_s >= self._efforts[index]
        text = f"{index} after {decode_pass.context_s}"
        return hypothesis(-0.1 if sure else -0.9, text=text)

    def refine(self, passes: Sequence[DecodePass]) -> list[str]:
        found = [self.judge(index, passes[0]) for index in range(len(self._efforts))]
        refine(found, passes, self.window, self.decode)
        return [one.text for one in found]


PASSES = (DecodePass(4, -0.4, beams=1), DecodePass(10, -0.4), DecodePass(18, -0.4))


def test_only_what_is_not_sure_is_decoded_again_and_together() -> None:
    decoder = Decoder([4, 10, 4, 18])
    assert decoder.refine(PASSES) == ["0 after 4", "1 after 10", "2 after 4", "3 after 18"]
    assert decoder.calls == [((1, 3), 10), ((3,), 18)]


def test_windows_of_different_lengths_are_decoded_apart() -> None:
    decoder = Decoder([10, 10, 10], lengths=(2, 5, 2))
    assert decoder.refine(PASSES[:2]) == ["0 after 10", "1 after 10", "2 after 10"]
    assert decoder.calls == [((0, 2), 10), ((1,), 10)]


def test_long_speech_keeps_its_text_where_a_pass_is_for_short_speech() -> None:
    decoder = Decoder([99, 99], lengths=(5, 4))
    passes = (*PASSES[:2], DecodePass(18, -0.4, max_window_s=22))
    assert decoder.refine(passes) == ["0 after 10", "1 after 18"]
    assert decoder.calls == [((1,), 10), ((0,), 10), ((1,), 18)]


def test_a_pass_that_is_the_same_as_the_last_is_left_out() -> None:
    decoder = Decoder([99, 99], lengths=(29, 2))
    assert decoder.refine(PASSES[1:]) == ["0 after 10", "1 after 18"]
    assert decoder.calls == [((1,), 18)]


def test_an_unreliable_text_needs_no_further_pass() -> None:
    found = [hypothesis(-0.9, truncated=True), hypothesis(-0.9)]
    decoder = Decoder([4, 10])
    refine(found, PASSES[:2], decoder.window, decoder.decode)
    assert decoder.calls == [((1,), 10)]
    assert found[0].truncated
