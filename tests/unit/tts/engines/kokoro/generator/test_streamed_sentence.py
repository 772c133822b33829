from __future__ import annotations

import dataclasses
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from tests.support.checkpoints.tiny_kokoro import FRAMES_PER_TOKEN, TOKENS, make_tiny_kokoro
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_stream import FRAME_SAMPLES
from wyoming_voice_stack.tts.engines.kokoro.generator.streamed_sentence import (
    EncodedText,
    MeasuredSentence,
    StreamedSentence,
    with_own_first_stage,
)
from wyoming_voice_stack.tts.engines.kokoro.loading import StreamingKokoro, load_model
from wyoming_voice_stack.tts.engines.kokoro.text_half import SentenceTokens
from wyoming_voice_stack.tts.engines.vits.windows import Window

FRAMES = 12 * FRAMES_PER_TOKEN


def sentence(count: int = 10) -> SentenceTokens:
    random = np.random.default_rng(count)
    ids = tuple(random.integers(1, TOKENS, count).tolist())
    return SentenceTokens(ids, random.standard_normal((1, 256)).astype(np.float32), speed=1.5)


def load(path: Path) -> StreamingKokoro:
    model = load_model(path, threads=2)
    assert isinstance(model, StreamingKokoro)
    return model


def whole_graph(path: Path, given: SentenceTokens) -> Any:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    feeds = {
        session.get_inputs()[0].name: np.array([[0, *given.ids, 0]]),
        "style": given.style,
        "speed": np.array([given.speed], np.float32),
    }
    return session.run(None, feeds)[0][0]


def in_windows(model: StreamingKokoro, text: EncodedText, *ends: int, threads: int = 1) -> Any:
    statistics = MeasuredSentence(model.parts, text, 1).statistics
    decoded = StreamedSentence(model.parts, text, statistics)
    stops = (0, *(end for end in ends if end < decoded.frames), decoded.frames)
    windows = [Window(*each) for each in pairwise(stops)]
    return np.concatenate([decoded.decode(each, threads) for each in windows])


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_kokoro(tmp_path_factory.mktemp("kokoro") / "model.onnx")


@pytest.mark.parametrize("export", [{}, {"instance_norms": True}, {"tokens": "input_ids"}])
def test_whole_sentence_is_that_of_the_graph(tmp_path: Path, export: dict[str, Any]) -> None:
    path = make_tiny_kokoro(tmp_path / "model.onnx", **export)
    model, given = load(path), sentence()
    samples = MeasuredSentence(model.parts, model.encode(given), 1).samples
    expected = whole_graph(path, given)
    assert np.abs(expected).max() > 0.01
    # Both ends of a sentence are silent: the last samples are left out, the first ones differ.
    assert len(expected) - len(samples) == 5
    np.testing.assert_allclose(samples[5:], expected[5:-5], atol=1e-4)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize(
    "ends", [(), (1, 2, 3), (20,), range(0, FRAMES, 7), (FRAMES - 1,)], ids=str
)
def test_windows_are_the_whole_sentence(tiny: Path, ends: tuple[int, ...], threads: int) -> None:
    model = load(tiny)
    text = model.encode(sentence())
    whole = MeasuredSentence(model.parts, text, 1)
    assert whole.frames == FRAMES
    windows = in_windows(model, text, *(end for end in ends if end), threads=threads)
    np.testing.assert_allclose(windows, whole.samples, atol=1e-4)


def test_sentence_of_one_token(tiny: Path) -> None:
    model = load(tiny)
    text = model.encode(sentence(1))
    whole = MeasuredSentence(model.parts, text, 1).samples
    np.testing.assert_allclose(in_windows(model, text, 1, 2), whole, atol=1e-4)


def test_silence_before_a_sentence_is_not_computed(tiny: Path) -> None:
    model = load(tiny)
    text = model.encode(sentence(16))
    later = dataclasses.replace(text, spoken_from=20)
    whole = MeasuredSentence(model.parts, text, 1).samples
    begins_later = in_windows(model, later, 5)
    assert len(begins_later) == len(whole) - 20 * FRAME_SAMPLES
    # The first frames are those of a sentence that begins there, but for what reaches into them.
    faded = 12 * FRAME_SAMPLES
    expected = whole[20 * FRAME_SAMPLES :]
    np.testing.assert_allclose(begins_later[faded:], expected[faded:], atol=1e-4)
    assert np.abs(begins_later - expected).max() < 0.5 * np.abs(expected).max()


@pytest.mark.parametrize("spoken_from", [0, 1, 20])
def test_first_stage_of_the_whole_sentence(tiny: Path, spoken_from: int) -> None:
    model = load(tiny)
    text = dataclasses.replace(model.encode(sentence(16)), spoken_from=spoken_from)
    whole = MeasuredSentence(model.parts, text, 2)
    decoded = with_own_first_stage(model.parts, text, whole.statistics, 2)
    stops = (0, 1, 9, decoded.frames)
    samples = np.concatenate([decoded.decode(Window(*each)) for each in pairwise(stops)])
    assert len(samples) == len(whole.samples)
    faded = 4 * FRAME_SAMPLES if spoken_from else 0
    np.testing.assert_allclose(samples[faded:], whole.samples[faded:], atol=1e-3)


def test_windows_follow_each_other(tiny: Path) -> None:
    model = load(tiny)
    text = model.encode(sentence())
    decoded = StreamedSentence(model.parts, text, MeasuredSentence(model.parts, text, 1).statistics)
    decoded.decode(Window(0, 3))
    with pytest.raises(ValueError, match="follow"):
        decoded.decode(Window(4, 6))
