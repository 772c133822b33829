from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ctranslate2 import DataType, StorageView
from faster_whisper.tokenizer import Tokenizer

from tests.support.speech import say, silence, words
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.asr.whisper.decoding import window
from wyoming_voice_stack.asr.whisper.decoding.full_window import decode_full_window
from wyoming_voice_stack.asr.whisper.decoding.hints import MAX_HINT_TOKENS
from wyoming_voice_stack.asr.whisper.decoding.window import (
    CALL_BYTES,
    FULL_WINDOW_BYTES,
    MAX_WINDOW_TOKENS,
    WINDOW_S,
    Encoded,
    Hypothesis,
    decode,
    detect_languages,
    encode,
    max_text_tokens,
    require_window_memory,
    window_seconds,
)
from wyoming_voice_stack.asr.whisper.engine import WhisperRecognizer

DOOR = "Close the garage door and turn off all the lights."
STOP = "Stop."


@pytest.fixture
def model(recognizer: WhisperRecognizer) -> Any:
    return recognizer._model


@pytest.fixture
def tokenizer(model: Any) -> Tokenizer:
    return Tokenizer(model.hf_tokenizer, multilingual=False)


def said(*sentences: str) -> Samples:
    return np.concatenate([silence(0.2), *[say(sentence) for sentence in sentences]])


def written(
    model: Any, tokenizer: Tokenizer, encoded: Encoded, hints: str | None = None, beams: int = 1
) -> list[Hypothesis]:
    prompt = model.get_prompt(tokenizer, [], without_timestamps=False, hotwords=hints)
    return decode(model, encoded, [prompt] * len(encoded.seconds), tokenizer, beams)


@pytest.mark.parametrize(
    ("speech_s", "step_s", "context_s", "expected"),
    [
        (0.0, 1, 6, 6),
        (0.1, 1, 6, 7),
        (2.0, 1, 6, 8),
        (2.01, 1, 6, 9),
        (2.0, 5, 6, 10),
        (4.1, 5, 6, 15),
        (2.0, 1, 4, 6),
        (23.5, 1, 6, 30),
        (29.0, 1, 15, 30),
        (29.0, 5, 6, 30),
        (40.0, 1, 6, 30),
        (1.0, 30, 6, 30),
    ],
)
def test_a_window_holds_the_speech_and_its_context(
    speech_s: float, step_s: int, context_s: float, expected: int
) -> None:
    assert window_seconds(silence(speech_s), step_s, context_s) == expected


def test_windows_are_as_long_as_asked_for(model: Any) -> None:
    for seconds in (7, 10, WINDOW_S):
        encoded = encode(model, [said(STOP), said(DOOR)], seconds)
        assert list(encoded.states.shape[:2]) == [2, 50 * seconds]
        assert encoded.seconds == (len(said(STOP)) / SAMPLE_RATE, len(said(DOOR)) / SAMPLE_RATE)


@pytest.mark.parametrize("beams", [1, 5])
def test_text_and_figures_of_speech(model: Any, tokenizer: Tokenizer, beams: int) -> None:
    encoded = encode(model, [said(DOOR), said(STOP)], 10)
    door, stop = written(model, tokenizer, encoded, beams=beams)
    assert [words(door.text), words(stop.text)] == [words(DOOR), words(STOP)]
    assert -0.6 < door.avg_logprob < -0.05
    assert max(door.no_speech_prob, stop.no_speech_prob) < 0.3
    assert 0.2 < stop.compression_ratio < door.compression_ratio < 1.5
    assert door.untranscribed_s < 1
    assert not door.truncated
    assert not door.unreliable


def test_figures_of_silence(model: Any, tokenizer: Tokenizer) -> None:
    [result] = written(model, tokenizer, encode(model, [silence(3)], 10))
    assert result.no_speech_prob > 0.5


def test_the_figures_are_those_of_faster_whisper(model: Any, tokenizer: Tokenizer) -> None:
    speech = np.pad(said(DOOR), (0, WINDOW_S * SAMPLE_RATE))[: WINDOW_S * SAMPLE_RATE]
    [ours] = written(model, tokenizer, encode(model, [speech], WINDOW_S), beams=5)
    segments, _ = model.transcribe(
        speech, language="en", beam_size=5, temperature=0, log_prob_threshold=None
    )
    theirs = next(iter(segments))
    assert ours.text.strip() == theirs.text.strip()
    assert ours.avg_logprob == pytest.approx(theirs.avg_logprob, abs=0.02)
    assert ours.no_speech_prob == pytest.approx(theirs.no_speech_prob, abs=0.02)
    assert ours.compression_ratio == pytest.approx(theirs.compression_ratio, abs=0.1)


def test_speech_after_the_last_timestamp_is_noticed(model: Any, tokenizer: Tokenizer) -> None:
    encoded = encode(model, [said(DOOR)], 10)
    claimed = Encoded(encoded.states, (encoded.seconds[0] + 12,))
    [[result], [stopped]] = (written(model, tokenizer, one) for one in (encoded, claimed))
    assert stopped.untranscribed_s == pytest.approx(result.untranscribed_s + 12)
    assert not result.unreliable
    assert stopped.unreliable


@pytest.mark.parametrize("hints", [None, "Hello there, my friend, this is a house with a garage."])
@pytest.mark.parametrize("limit", [2, 4, 8])
def test_a_text_ends_at_its_bound(
    model: Any,
    tokenizer: Tokenizer,
    monkeypatch: pytest.MonkeyPatch,
    hints: str | None,
    limit: int,
) -> None:
    monkeypatch.setattr(window, "max_text_tokens", lambda seconds: limit)
    [result] = written(model, tokenizer, encode(model, [said(DOOR)], 10), hints)
    assert result.truncated
    assert result.unreliable
    # One of the tokens is the timestamp before the text, which a hint makes one longer.
    assert limit - 1 <= len(tokenizer.encode(result.text)) <= limit


def test_a_text_below_its_bound_is_whole(
    model: Any, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "max_text_tokens", lambda seconds: 16)
    [result] = written(model, tokenizer, encode(model, [said(DOOR)], 10))
    assert words(result.text) == words(DOOR)
    assert not result.truncated


@pytest.mark.parametrize("seconds", [0.0, 1.0, 7.5, 29.0, 100.0])
def test_prompt_and_text_fit_into_a_window(seconds: float) -> None:
    assert max_text_tokens(seconds) >= window.MIN_TEXT_TOKENS
    assert max_text_tokens(seconds) + MAX_HINT_TOKENS < MAX_WINDOW_TOKENS
    assert max_text_tokens(29.0) > 200


def hypothesis(**figures: float) -> Hypothesis:
    plain = {
        "avg_logprob": -0.2,
        "no_speech_prob": 0.1,
        "compression_ratio": 1.1,
        "truncated": False,
        "untranscribed_s": 0.0,
    }
    return Hypothesis(text="Yes.", **plain | figures)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "unreliable"),
    [
        (hypothesis(), False),
        (hypothesis(truncated=True), True),
        (hypothesis(compression_ratio=2.5), True),
        (hypothesis(compression_ratio=2.3), False),
        (hypothesis(untranscribed_s=1.1), True),
        (hypothesis(untranscribed_s=0.9), False),
        (hypothesis(untranscribed_s=-5), False),
        (hypothesis(avg_logprob=-3, no_speech_prob=1.0), False),
    ],
)
def test_what_makes_a_text_unreliable(one: Hypothesis, *, unreliable: bool) -> None:
    assert one.unreliable is unreliable


class Ranking:
    """A model that ranks the languages of each window differently."""

    def __init__(self, *orders: str) -> None:
        self.model = self
        self._orders = orders

    def detect_language(self, states: object) -> list[list[tuple[str, float]]]:
        return [[(f"<|{code}|>", 0.5) for code in order.split()] for order in self._orders]


def test_each_language_is_the_most_probable_of_its_own_candidates() -> None:
    encoded = Encoded(None, (1.0, 1.0, 1.0))
    model = Ranking("de fr en", "en de fr", "fr en de")
    assert detect_languages(model, encoded, [("en", "fr"), ("de", "en"), ("de",)]) == [
        "fr",
        "en",
        "de",
    ]


def test_a_language_that_is_not_ranked_is_the_first_candidate() -> None:
    assert detect_languages(Ranking("de en"), Encoded(None, (1.0,)), [("yue", "zh")]) == ["yue"]


@pytest.mark.parametrize("kind", ["float32", "bfloat16"])
def test_output_of_some_windows(kind: str) -> None:
    windows = np.arange(24, dtype=np.float32).reshape(3, 2, 4)
    states = StorageView.from_array(windows).to(getattr(DataType, kind))
    some = Encoded(states, (1.0, 2.0, 3.0)).some([2, 0])
    np.testing.assert_array_equal(np.asarray(some.states), windows[[2, 0]])
    assert some.seconds == (3.0, 1.0)


def test_output_of_all_windows_is_not_copied() -> None:
    encoded = Encoded(StorageView.from_array(np.zeros((2, 2, 4), np.float32)), (1.0, 2.0))
    assert encoded.some([0, 1]) is encoded


@pytest.fixture
def required(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Bytes that were required; there is no memory."""
    asked: list[int] = []

    def require(size_bytes: int) -> None:
        asked.append(size_bytes)
        raise MemoryError

    monkeypatch.setattr(window, "require_memory", require)
    return asked


class Loaded:
    """A model on a device, which must not be called."""

    def __init__(self, device: str) -> None:
        self.model = self
        self.device = device


def test_without_memory_the_encoder_is_not_called(required: list[int]) -> None:
    for count, seconds in (1, 5), (1, 10), (4, 10):
        with pytest.raises(MemoryError):
            encode(Loaded("cpu"), [silence(1)] * count, seconds)
    one, longer, four = (size - CALL_BYTES for size in required)
    assert (longer, four) == (pytest.approx(4 * one, abs=4), pytest.approx(16 * one, abs=16))


def test_without_memory_the_full_window_is_not_decoded(required: list[int]) -> None:
    with pytest.raises(MemoryError):
        decode_full_window(Loaded("cpu"), None, "en", 5)  # type: ignore[arg-type]
    assert required == [CALL_BYTES + FULL_WINDOW_BYTES]


def test_a_graphics_card_needs_none_of_the_memory(required: list[int]) -> None:
    require_window_memory(Loaded("cuda"), 16, WINDOW_S)
    assert required == []
