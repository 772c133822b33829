from __future__ import annotations

import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import sounds
from tests.support.scripted_recognizer import ScriptedVad
from tests.support.segmented_speech import SHORT_S, SILENCE, SPOKEN, WEAK, segmented
from tests.support.speech import at_level, say, silence
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples, SpeechSpan
from wyoming_voice_stack.asr.vad.segmenter import (
    CERTAIN_SPEECH_STARTS,
    LEAD_IN_MS,
    LEAD_MS,
    MAX_SPAN_S,
    TAIL_MS,
    SpeechSegmenter,
    cut_out,
    speech_spans,
)
from wyoming_voice_stack.asr.vad.silero import WINDOW_MS, SileroVad
from wyoming_voice_stack.asr.vad.silero_network import WINDOW_SAMPLES

SENTENCE = "Turn on the kitchen light and play some music."
BEFORE_S, AFTER_S = 2.0, 3.0
MAX_KEPT_BYTES = 20_000
"""Limit for the state of a segmenter, however long the stream."""
CHUNK = np.zeros(1_024, np.float32)


def surrounded(speech: Samples) -> Samples:
    hiss = at_level(sounds.noise(len(speech) / SAMPLE_RATE + BEFORE_S + AFTER_S + 0.1, 1), -70)
    audio = np.concatenate([silence(BEFORE_S), speech, silence(AFTER_S)])
    return audio + hiss[: len(audio)]


def windows(seconds: float) -> int:
    return round(1000 * seconds / WINDOW_MS)


@pytest.mark.parametrize("dbfs", [-20, -40, -50])
def test_speech_is_found_loud_and_quiet(vad: SileroVad, dbfs: float) -> None:
    said = say(SENTENCE)
    [span] = speech_spans(surrounded(at_level(said, dbfs)), vad)
    start, stop = BEFORE_S, BEFORE_S + len(said) / SAMPLE_RATE
    assert start - 0.7 < span.start / SAMPLE_RATE < start - 0.2
    assert stop - 0.1 < span.stop / SAMPLE_RATE < stop + 0.5


@pytest.mark.parametrize("dbfs", [-20, -50])
def test_speech_is_found_while_it_comes(vad: SileroVad, dbfs: float) -> None:
    said = say(SENTENCE)
    sound = surrounded(at_level(said, dbfs))
    segmenter = SpeechSegmenter(vad.stream())
    begun = paused = 0.0
    for first in range(0, len(sound), 320):
        segmenter.push(sound[first : first + 320])
        begun = begun or (first / SAMPLE_RATE if segmenter.spans else 0.0)
        paused = paused or (first / SAMPLE_RATE if segmenter.paused else 0.0)
        if not segmenter.paused:
            paused = 0.0
    assert BEFORE_S < begun < BEFORE_S + 0.5
    assert begun < paused < BEFORE_S + len(said) / SAMPLE_RATE + 0.6
    before = segmenter.spans
    segmenter.finish()
    assert before == segmenter.spans == speech_spans(sound, vad)


@pytest.mark.parametrize("word", ["Yes.", "No.", "Stop."])
@pytest.mark.parametrize("dbfs", [-20, -40])
def test_one_short_word_is_found(vad: SileroVad, word: str, dbfs: float) -> None:
    assert speech_spans(surrounded(at_level(say(word), dbfs)), vad)


@pytest.mark.parametrize("dbfs", [-14, -30, -50])
@pytest.mark.parametrize(
    "sound",
    [
        *(pytest.param(sounds.noise(4, slope), id=f"slope {slope}") for slope in (0, 1, 2)),
        pytest.param(sounds.clicks(4, 2, 5), id="clock"),
        pytest.param(sounds.clicks(4, 8, 20), id="typing"),
        pytest.param(sounds.clicks(4, 1, 80), id="knocking"),
        pytest.param(sounds.slam(3), id="slam"),
        pytest.param(sounds.beeps(4), id="beeps"),
        pytest.param(sounds.music(4), id="music"),
    ],
)
def test_household_sounds_are_no_speech(vad: SileroVad, sound: Samples, dbfs: float) -> None:
    assert speech_spans(at_level(sound, dbfs).clip(-1, 1), vad) == ()


@pytest.mark.parametrize("seconds", [0, 0.001, 0.032, 1, 5])
def test_silence_is_no_speech(vad: SileroVad, seconds: float) -> None:
    assert speech_spans(silence(seconds), vad) == ()


def test_nan_is_no_speech(vad: SileroVad) -> None:
    assert speech_spans(np.full(16_000, np.nan, np.float32), vad) == ()


def test_a_pause_belongs_to_the_span(vad: SileroVad) -> None:
    said = say("Stop.")
    [span] = speech_spans(np.concatenate([said, silence(4), said, silence(1)]), vad)
    assert span.start == 0
    assert span.stop - span.start > 2 * len(said) + 4 * SAMPLE_RATE


def test_spans_lie_within_the_recording(vad: SileroVad) -> None:
    breaks_off = say(SENTENCE)[:20_001]
    assert speech_spans(breaks_off, vad) == (SpeechSpan(0, 20_001),)


def test_speech_has_its_lead_and_its_tail() -> None:
    silent = [SILENCE] * 100
    [span] = segmented([*silent, *[SPOKEN] * 20, *silent], 29).spans
    lead, tail = -(-LEAD_MS // WINDOW_MS), -(-TAIL_MS // WINDOW_MS)
    assert span == ((100 - lead) * WINDOW_SAMPLES, (120 + tail) * WINDOW_SAMPLES)


def test_blips_and_weak_runs_are_no_speech() -> None:
    weak, blip = [0.45] * 20, [0.1, 0.9, 0.9, 0.1]
    assert segmented([*weak, *blip, *weak]).spans == ()
    segmenter = segmented([*weak, *blip, *[0.4, 0.6, 0.36, 0.1], *[0.0] * 20])
    assert [span.stop for span in segmenter.spans] == [(24 + 3 + 3) * WINDOW_SAMPLES]
    assert segmenter.silence_ms == 21 * WINDOW_MS


def test_a_recognizer_can_ask_for_surer_speech() -> None:
    """Mains hum begins like this."""
    for level, found in ((0.61, 0), (CERTAIN_SPEECH_STARTS + 0.01, 1)):
        probabilities = [SILENCE] * 20 + [level] * 10 + [SILENCE] * 20
        stream = ScriptedVad(probabilities)
        segmenter = SpeechSegmenter(stream, speech_starts=CERTAIN_SPEECH_STARTS)
        segmenter.push(np.zeros(len(probabilities) * WINDOW_SAMPLES, np.float32))
        assert len(segmenter.spans) == found
        assert len(segmented(probabilities).spans) == 1


def test_a_pause_is_known_as_soon_as_the_tail_is_there() -> None:
    segmenter = SpeechSegmenter(
        ScriptedVad([SILENCE] * 10 + [SPOKEN] * 5 + [SILENCE] * 5 + [SPOKEN] * 9)
    )
    paused = []
    for _ in range(24):
        segmenter.push(np.zeros(WINDOW_SAMPLES, np.float32))
        paused.append(segmenter.paused)
    # Two windows of speech could still be a click.
    assert [number for number, one in enumerate(paused) if one] == [17, 18, 19, 20, 21]


def test_silence_is_counted_from_the_beginning_or_the_last_speech() -> None:
    segmenter = SpeechSegmenter(ScriptedVad([SILENCE] * 50 + [SPOKEN] * 10))
    assert segmenter.silence_ms == 0
    for expected in (*range(1, 53), *[0] * 8, *range(1, 30)):
        segmenter.push(np.zeros(WINDOW_SAMPLES, np.float32))
        assert segmenter.silence_ms == expected * WINDOW_MS


@settings(deadline=None, max_examples=25)
@given(cuts=st.lists(st.integers(0, 90_000), max_size=12), dbfs=st.sampled_from([-20, -50]))
def test_chunks_of_any_size_give_the_same_spans(
    vad: SileroVad, cuts: list[int], dbfs: float
) -> None:
    sound = np.concatenate([at_level(say("Stop."), dbfs), silence(1), at_level(say("Yes."), dbfs)])
    segmenter = SpeechSegmenter(vad.stream(), max_span_s=1.5)
    for first, stop in pairwise([0, *sorted(cuts), max(len(sound), 90_000)]):
        segmenter.push(sound[first:stop])
    segmenter.finish()
    spans = speech_spans(sound, vad, max_span_s=1.5)
    assert segmenter.spans == spans
    assert len(spans) > 1


def test_long_speech_is_split_at_its_pauses(vad: SileroVad) -> None:
    said = at_level(say(SENTENCE), -20)
    gap = silence(0.8)
    speech = np.concatenate([piece for _ in range(10) for piece in (gap, said)])
    spans = speech_spans(speech, vad, max_span_s=10)
    assert len(spans) >= 3
    assert max(span.stop - span.start for span in spans) <= 10 * SAMPLE_RATE
    # Every sentence lies within one span.
    starts = [len(gap) + index * (len(gap) + len(said)) for index in range(10)]
    slack = 0.1 * SAMPLE_RATE
    for start in starts:
        assert any(
            span.start <= start + slack and start + len(said) <= span.stop + slack for span in spans
        )


def test_a_span_fits_into_whispers_window(vad: SileroVad) -> None:
    spans = speech_spans(np.tile(say(SENTENCE), 36), vad)
    assert len(spans) >= 3
    assert max(span.stop - span.start for span in spans) <= MAX_SPAN_S * SAMPLE_RATE


def test_speech_without_a_pause_is_split_too(vad: SileroVad) -> None:
    said = np.tile(say(SENTENCE)[1_600:-4_000], 12)
    spans = speech_spans(said, vad, max_span_s=5)
    assert max(span.stop - span.start for span in spans) <= 5 * SAMPLE_RATE
    assert sum(span.stop - span.start for span in spans) > 0.9 * len(said)


def test_long_silence_within_is_left_out(vad: SileroVad) -> None:
    said = say(SENTENCE)
    spans = speech_spans(np.concatenate([said, silence(60), said]), vad)
    assert sum(stop - start for start, stop in spans) < 2 * len(said) + 3 * SAMPLE_RATE
    assert len(spans) == 2


def test_a_pause_that_makes_speech_too_long_splits_it() -> None:
    first, pause = [SPOKEN] * windows(28.4), [SILENCE] * windows(20)
    before = segmented([*first, *pause], MAX_SPAN_S).spans
    spans = segmented([*first, *pause, *first], MAX_SPAN_S).spans
    assert len(spans) == 2
    assert spans[:1] == before
    assert spans[1].start == (len(first + pause) * WINDOW_MS - 512) * SAMPLE_RATE // 1000


@pytest.mark.parametrize(("silent", "weak"), [(9, 300), (25, 62), (25, 50)])
def test_late_sure_speech_makes_no_span_too_long(silent: int, weak: int) -> None:
    spans = segmented([*[SPOKEN] * 9, *[SILENCE] * silent, *[WEAK] * weak, SPOKEN]).spans
    assert max(stop - start for start, stop in spans) <= SHORT_S * SAMPLE_RATE
    assert spans[-1].stop == (9 + silent + weak + 1) * WINDOW_SAMPLES


@pytest.mark.parametrize("level", [0.0, WEAK])
@pytest.mark.parametrize("begun", [[], [*[SPOKEN] * 50, SILENCE]])
def test_hours_of_silence_take_no_memory(level: float, begun: list[float]) -> None:
    segmenter = SpeechSegmenter(ScriptedVad(begun, level))
    for _ in range(2 * 3600 * SAMPLE_RATE // len(CHUNK)):
        segmenter.push(CHUNK)
    assert segmenter.silence_ms > 7_100_000
    assert len(segmenter.spans) == bool(begun)
    assert len(pickle.dumps(segmenter)) < MAX_KEPT_BYTES


def test_speech_after_hours_of_silence_is_where_it_is() -> None:
    silent = [SILENCE] * 100_000
    [span] = segmented([*silent, *[SPOKEN] * 20]).spans
    assert span == ((100_000 - 16) * WINDOW_SAMPLES, 100_020 * WINDOW_SAMPLES)


def test_a_span_is_cut_out_as_a_copy() -> None:
    samples = np.arange(9_000, dtype=np.float32)
    cut = cut_out(samples, SpeechSpan(512, 8_000))
    np.testing.assert_array_equal(cut, samples[512:8_000])
    samples[:] = 0
    assert cut[-1] == 7_999
    assert cut.dtype == np.float32


def test_a_recording_that_begins_with_speech_gets_silence_before_it() -> None:
    cut = cut_out(np.ones(9_000, np.float32), SpeechSpan(0, 8_000))
    lead_in = LEAD_IN_MS * SAMPLE_RATE // 1000
    assert len(cut) == lead_in + 8_000
    assert not cut[:lead_in].any()
    assert cut[lead_in:].all()
