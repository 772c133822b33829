"""Properties of the spans of any speech."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.scripted_recognizer import ScriptedVad
from tests.support.segmented_speech import SHORT_S, SILENCE, SPOKEN, WEAK, segmented
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, SpeechSpan
from wyoming_voice_stack.asr.vad.segmenter import (
    SPEECH_LASTS,
    SPEECH_STARTS,
    SpeechSegmenter,
)
from wyoming_voice_stack.asr.vad.silero_network import WINDOW_SAMPLES

stretches = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.34, 0.36, WEAK, SPEECH_STARTS, SPOKEN]),
        st.integers(1, 50),
    ),
    max_size=14,
).map(lambda runs: [level for level, count in runs for _ in range(count)])
"""Probabilities of some seconds in which levels last."""


def proven(probabilities: Sequence[float]) -> set[int]:
    """Windows of speech, from the first sure one in each run."""
    found: set[int] = set()
    numbered = groupby(enumerate(probabilities), lambda one: one[1] >= SPEECH_LASTS)
    for run in (list(run) for lasts, run in numbered if lasts):
        certain = [number for number, probability in run if probability >= SPEECH_STARTS]
        if certain and len(run) >= 3:
            found |= set(range(certain[0], run[-1][0] + 1))
    return found


def covered(spans: Sequence[SpeechSpan]) -> set[int]:
    return {
        number
        for span in spans
        for number in range(span.start // WINDOW_SAMPLES, span.stop // WINDOW_SAMPLES)
    }


@settings(deadline=None)
@given(stretches, st.lists(st.integers(0, 50_000), max_size=12))
def test_chunks_of_any_size_give_the_same_spans_of_anything(
    probabilities: list[float], cuts: list[int]
) -> None:
    count = len(probabilities) * WINDOW_SAMPLES
    segmenter = SpeechSegmenter(ScriptedVad(probabilities), SHORT_S)
    for first, stop in pairwise([0, *sorted(min(cut, count) for cut in cuts), count]):
        segmenter.push(np.zeros(stop - first, np.float32))
    segmenter.finish()
    assert segmenter.spans == segmented(probabilities).spans


@settings(deadline=None)
@given(stretches)
def test_all_speech_is_covered_and_split_in_time(probabilities: list[float]) -> None:
    spans = segmented(probabilities).spans
    assert proven(probabilities) <= covered(spans)
    assert bool(spans) == bool(proven(probabilities))
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert not edges or edges[-1] <= len(probabilities) * WINDOW_SAMPLES
    # One more window for rounding, and the tail.
    assert all(0 < stop - start <= (SHORT_S + 0.13) * SAMPLE_RATE for start, stop in spans)


@settings(deadline=None)
@given(stretches)
def test_closed_spans_never_change(probabilities: list[float]) -> None:
    segmenter = SpeechSegmenter(ScriptedVad(probabilities), SHORT_S)
    closed: list[tuple[SpeechSpan, ...]] = []
    for _ in probabilities:
        segmenter.push(np.zeros(WINDOW_SAMPLES, np.float32))
        closed.append(segmenter.spans[:-1])
    segmenter.finish()
    assert all(segmenter.spans[: len(spans)] == spans for spans in closed)


@settings(deadline=None)
@given(stretches, st.integers(0, 200))
def test_the_spans_in_a_pause_are_final_unless_speech_resumes(
    probabilities: list[float], silent: int
) -> None:
    segmenter = SpeechSegmenter(ScriptedVad(probabilities), SHORT_S)
    for number in range(len(probabilities)):
        segmenter.push(np.zeros(WINDOW_SAMPLES, np.float32))
        if not segmenter.paused:
            continue
        assert segmenter.spans == segmented(probabilities[: number + 1]).spans
        assert (
            segmenter.spans == segmented([*probabilities[: number + 1], *[SILENCE] * silent]).spans
        )
