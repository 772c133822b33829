from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import sounds
from tests.support.silero_networks import OLDER, SENTENCE, SEQUENCE, surrounded
from tests.support.speech import at_level, say, silence
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.asr.vad.segmenter import speech_spans
from wyoming_voice_stack.asr.vad.silero import (
    MAX_GAIN,
    OFFSET_WINDOWS,
    QUIET_PEAK,
    SileroVad,
)
from wyoming_voice_stack.asr.vad.silero_network import WINDOW_SAMPLES, SileroNetwork


@pytest.fixture(params=[SEQUENCE, OLDER], ids=lambda path: path.stem, scope="module")
def any_vad(request: pytest.FixtureRequest) -> SileroVad:
    return SileroVad.load(request.param)


class OnnxRuntime:
    """The same file run by ONNX Runtime, as its publisher does."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def initial_state(self) -> tuple[Samples, Samples]:
        return np.zeros((1, 1, 128), np.float32), np.zeros((1, 1, 128), np.float32)

    def judge(
        self, windows: Samples, state: tuple[Samples, Samples]
    ) -> tuple[Samples, tuple[Samples, Samples]]:
        feed = {"input": windows, "h": state[0], "c": state[1]}
        found, hidden, cell = self.session.run(["speech_probs", "hn", "cn"], feed)
        return found, (hidden, cell)


@pytest.mark.parametrize("path", [SEQUENCE, OLDER], ids=lambda path: path.stem)
@pytest.mark.parametrize("pushed", [WINDOW_SAMPLES, 20 * SAMPLE_RATE])
def test_probabilities_are_those_of_onnxruntime(path: Path, pushed: int) -> None:
    speech = np.concatenate([surrounded(say(SENTENCE)), at_level(sounds.noise(2, 0), -10)])
    ours, theirs = SileroVad.load(path).stream(), SileroVad(OnnxRuntime(path)).stream()
    worst, most = 0.0, 0.0
    for first in range(0, len(speech), pushed):
        found = ours.push(speech[first : first + pushed])
        expected = theirs.push(speech[first : first + pushed])
        assert found.dtype == np.float32
        assert found.shape == expected.shape
        worst = max(worst, np.abs(found - expected).max(initial=0))
        most = max(most, expected.max(initial=0))
    assert most > 0.9
    assert worst < 1e-4


def test_probabilities_are_one_for_each_window() -> None:
    speech = say(SENTENCE)
    found = SileroVad.load(SEQUENCE).speech_probabilities(speech)
    assert found.shape == (-(-len(speech) // WINDOW_SAMPLES),)


def test_huge_samples_give_finite_probabilities() -> None:
    network = SileroNetwork.read(SEQUENCE)
    found, _ = network.judge(np.full((3, 576), 1e6, np.float32), network.initial_state())
    assert np.isfinite(found).all()


def test_the_older_network_agrees_on_where_speech_is() -> None:
    speech = surrounded(say(SENTENCE))
    [newer], [older] = (speech_spans(speech, SileroVad.load(path)) for path in (SEQUENCE, OLDER))
    np.testing.assert_allclose(newer, older, atol=0.15 * SAMPLE_RATE)


@pytest.mark.parametrize("dbfs", [-20, -40, -50])
def test_speech_is_probable_loud_and_quiet(any_vad: SileroVad, dbfs: float) -> None:
    said = say(SENTENCE)
    probabilities = any_vad.speech_probabilities(surrounded(at_level(said, dbfs)))
    seconds = np.arange(len(probabilities)) * WINDOW_SAMPLES / SAMPLE_RATE - 2
    inside = (seconds > 0.2) & (seconds < len(said) / SAMPLE_RATE - 0.2)
    assert np.mean(probabilities[inside] > 0.5) > 0.9
    outside = (seconds < -0.2) | (seconds > len(said) / SAMPLE_RATE + 0.3)
    assert np.mean(probabilities[outside] < 0.35) > 0.95


@pytest.mark.parametrize("seconds", [0, 0.001, 0.032, 1, 5])
def test_silence_is_improbable(any_vad: SileroVad, seconds: float) -> None:
    probabilities = any_vad.speech_probabilities(silence(seconds))
    assert len(probabilities) == -(-round(seconds * SAMPLE_RATE) // WINDOW_SAMPLES)
    assert not (probabilities >= 0.35).any()


@settings(deadline=None, max_examples=25)
@given(cuts=st.lists(st.integers(0, 30_000), max_size=10), seed=st.integers(0, 3))
def test_a_stream_in_pieces_is_judged_as_the_whole(
    vad: SileroVad, cuts: list[int], seed: int
) -> None:
    sound = say("No, thank you very much.")[:30_000] * np.float32(0.5 + seed / 10)
    edges = [0, *sorted(cuts), len(sound)]
    stream = vad.stream()
    pieces = [stream.push(sound[a:b]) for a, b in pairwise(edges)]
    whole = vad.speech_probabilities(sound)
    np.testing.assert_allclose(np.concatenate([*pieces, stream.finish()]), whole, atol=1e-5)


def test_a_stream_answers_as_soon_as_a_window_is_whole(any_vad: SileroVad) -> None:
    stream = any_vad.stream()
    counts = [len(stream.push(np.zeros(160, np.float32))) for _ in range(8)]
    assert counts == [0, 0, 0, 1, 0, 0, 1, 0]


def test_a_recording_of_minutes_is_judged_slice_by_slice(vad: SileroVad) -> None:
    sound = np.tile(say(SENTENCE), 50)
    assert len(sound) > 100 * SAMPLE_RATE
    stream = vad.stream()
    at_once = np.concatenate([stream.push(sound), stream.finish()])
    np.testing.assert_allclose(vad.speech_probabilities(sound), at_once, atol=1e-4)


def test_streams_are_independent(any_vad: SileroVad) -> None:
    said = say(SENTENCE)
    alone = any_vad.speech_probabilities(said)
    other, stream = any_vad.stream(), any_vad.stream()
    found = []
    for first in range(0, len(said), 4_000):
        other.push(sounds.noise(0.5, 0, seed=first))
        found.append(stream.push(said[first : first + 4_000]))
    np.testing.assert_allclose(np.concatenate([*found, stream.finish()]), alone, atol=1e-5)


class Loudness:
    """A network that returns the peak of each window."""

    def initial_state(self) -> tuple[int, ...]:
        return (0,)

    def judge(self, windows: Samples, state: tuple[int, ...]) -> tuple[Samples, tuple[int, ...]]:
        return np.abs(windows).max(axis=1), (state[0] + len(windows),)


def loudness(*levels: float) -> list[float]:
    """Peaks in the network's input for windows of these levels."""
    sound = np.repeat(np.array(levels, np.float32), WINDOW_SAMPLES)
    sound[1::2] *= -1  # a constant would be an offset, not a level
    return [float(level) for level in SileroVad(Loudness()).speech_probabilities(sound)]


def test_quiet_sound_is_raised_within_bounds() -> None:
    assert loudness(0.1) == pytest.approx([QUIET_PEAK])
    assert loudness(1e-4) == pytest.approx([1e-4 * MAX_GAIN])
    assert loudness(0.9) == pytest.approx([0.9])
    assert loudness(0.0) == [0.0]


def test_the_gain_is_that_of_the_loudest_so_far() -> None:
    # The input of a window includes the end of the one before it, which may be louder.
    audio = loudness(0.05, 0.05, 0.1, 0.05, 0.05, 0.8, 0.1, 0.1)
    assert audio == pytest.approx([0.5, 0.5, 0.5, 0.5, 0.25, 0.8, 0.8, 0.1])


def test_the_gain_never_looks_ahead() -> None:
    sound = surrounded(at_level(say(SENTENCE), -45))
    loud = np.concatenate([sound, np.ones(SAMPLE_RATE, np.float32)])
    network = SileroVad(Loudness())
    before = len(sound) // WINDOW_SAMPLES
    np.testing.assert_array_equal(
        network.speech_probabilities(sound)[:before], network.speech_probabilities(loud)[:before]
    )


def test_a_window_is_judged_with_the_end_of_the_one_before() -> None:
    given: list[Samples] = []

    class Inputs(Loudness):
        def judge(
            self, windows: Samples, state: tuple[int, ...]
        ) -> tuple[Samples, tuple[int, ...]]:
            given.extend(windows)
            return super().judge(windows, state)

    sound = np.linspace(0.5, 1, 3 * WINDOW_SAMPLES, dtype=np.float32)
    sound[1::2] = -sound[::2]
    stream = SileroVad(Inputs()).stream()
    for first in range(0, len(sound), 100):
        stream.push(sound[first : first + 100])
    padded = np.concatenate([np.zeros(64, np.float32), sound])
    expected = [padded[first : first + 64 + WINDOW_SAMPLES] for first in range(0, len(sound), 512)]
    np.testing.assert_allclose(given, expected, atol=1e-6)


@pytest.mark.parametrize("offset", [0.05, -0.4])
def test_an_offset_is_no_level(offset: float) -> None:
    assert loudness_over(np.full(8_000, offset, np.float32)) == pytest.approx(0, abs=1e-5)


def loudness_over(sound: Samples) -> float:
    """The largest peak in the network's input, without the first windows after a change."""
    return float(SileroVad(Loudness()).speech_probabilities(sound)[OFFSET_WINDOWS:-1].max())


@pytest.mark.parametrize("dbfs", [-30, -55])
@pytest.mark.parametrize("offset", [0.05, 0.4])
def test_speech_over_an_offset_is_found_where_it_is(
    any_vad: SileroVad, dbfs: float, offset: float
) -> None:
    speech = surrounded(at_level(say(SENTENCE), dbfs))
    expected = any_vad.speech_probabilities(speech)
    found = any_vad.speech_probabilities(speech + np.float32(offset))
    # The float's last digits are lost next to a large offset.
    assert np.mean(np.abs(found - expected)) < 0.02
    assert speech_spans(speech + np.float32(offset), any_vad) == speech_spans(speech, any_vad)
