"""When a text is decoded again, in another way or in a longer window."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import soxr

from tests.support.scripted_recognizer import WatchedModel, transcribe, transcribe_all, wanted
from tests.support.speech import say, words
from tests.support.whisper_speech import DOOR, ENGLISH, SENTENCES, like, speech, watch
from wyoming_voice_stack.asr.engine import TranscriptionRequest
from wyoming_voice_stack.asr.whisper.decoding import window
from wyoming_voice_stack.asr.whisper.decoding.decode_passes import (
    CAREFUL,
    PARTIAL,
    DecodePass,
    DecodePasses,
)
from wyoming_voice_stack.asr.whisper.decoding.window import WINDOW_S
from wyoming_voice_stack.asr.whisper.engine import WhisperRecognizer
from wyoming_voice_stack.asr.whisper.placement import Placement
from wyoming_voice_stack.errors import Abandoned

NEVER_SURE = DecodePasses(
    (), {"en": (DecodePass(4, 0.0), DecodePass(10, 0.0), DecodePass(WINDOW_S, 0.0))}
)
SHOPPING = (
    "Please turn on the kitchen light, close the garage door, start the washing machine, open the"
    " window in the bathroom, play some music in the living room, set a timer for ten minutes, add"
    " butter, milk, cheese, eggs, bread, apples and onions to the shopping list, lock the front"
    " door, turn down the heating in the bedroom, feed the cat, water the flowers in the garden,"
    " call my sister, my brother, my mother and my father, and tell all of them that we are going"
    " to have dinner with our neighbours in the late afternoon."
)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_short_windows_give_the_words_of_the_full_one(
    recognizer: WhisperRecognizer, sentence: str
) -> None:
    short, events = watch(recognizer)
    full, full_events = watch(recognizer, placement=Placement(window_step_s=WINDOW_S))
    result = [words(transcribe(one, say(sentence), ENGLISH).text) for one in (short, full)]
    assert result[0] == result[1] == words(sentence)
    assert events[0][2] <= 1_500 < full_events[0][2] == 3_000


def test_partial_text_takes_a_shorter_window(recognizer: WhisperRecognizer) -> None:
    watching, events = watch(recognizer)
    request = replace(ENGLISH, partial=True)
    assert words(transcribe(watching, say(DOOR), request).text) == words(DOOR)
    assert transcribe(watching, say(DOOR), ENGLISH).text
    (_, _, partial), (_, _, final) = (event for event in events if event[0] == "encode")
    assert final - partial == 100 * (CAREFUL.context_s - PARTIAL.context_s)


def test_unreliable_text_is_decoded_in_the_full_window(
    recognizer: WhisperRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "MAX_UNTRANSCRIBED_S", -100.0)
    watching, events = watch(recognizer)
    assert words(transcribe(watching, say(DOOR), ENGLISH).text) == words(DOOR)
    assert [event[0] for event in events] == ["encode", "write", "whole"]


def test_truncated_text_is_decoded_in_the_full_window(
    recognizer: WhisperRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "max_text_tokens", lambda seconds: 4)
    cut_off, events = watch(recognizer)
    assert words(transcribe(cut_off, say(DOOR), ENGLISH).text) == words(DOOR)
    assert events[-1] == ("whole",)


@pytest.mark.parametrize("partial", [False, True])
def test_fast_speech_is_transcribed_to_its_end(
    recognizer: WhisperRecognizer, *, partial: bool
) -> None:
    fast = soxr.resample(say(SHOPPING), 5, 4).astype(np.float32)
    watching, events = watch(recognizer)
    result = words(transcribe(watching, fast, replace(ENGLISH, partial=partial)).text)
    assert len(result) == pytest.approx(len(words(SHOPPING)), abs=4)
    assert result[-4:] == ["in", "the", "late", "afternoon"]
    assert [event[0] for event in events] == ["encode", "write"]


def test_unsure_text_is_decoded_again(recognizer: WhisperRecognizer) -> None:
    watching, events = watch(recognizer, placement=Placement(passes=NEVER_SURE))
    assert words(transcribe(watching, say(DOOR), ENGLISH).text) == words(DOOR)
    assert [event[0] for event in events] == ["encode", "write"] * 3
    frames = [event[2] for event in events if event[0] == "encode"]
    assert frames[1] - frames[0] == 600
    assert frames[2] == 100 * WINDOW_S


class OnCard:
    """Encoder output in the memory of a graphics card, which numpy cannot read."""

    def __init__(self, states: Any) -> None:
        self.states = states

    def to(self, kind: object) -> OnCard:
        return OnCard(self.states.to(kind))


class CardModel(WatchedModel):
    """A model whose encoder output stays on a graphics card."""

    @property
    def model(self) -> CardModel:
        return CardModel(self._model.model, self.events)

    def encode(self, bands: Any) -> OnCard:
        return OnCard(super().encode(bands))

    def generate(self, states: OnCard, prompts: Any, **options: Any) -> Any:
        return super().generate(states.states, prompts, **options)


def batches(*passes: DecodePass) -> Placement:
    return Placement(batch_size=4, window_step_s=WINDOW_S, passes=DecodePasses((), {"en": passes}))


def log_probabilities(recognizer: WhisperRecognizer, *passes: DecodePass) -> list[float]:
    """Those of all sentences, the least likely first."""
    speeches = [speech(one) for one in SENTENCES]
    texts = transcribe_all(like(recognizer, placement=batches(*passes)), speeches, wanted)
    return sorted(one.confidence.avg_logprob for one in texts if one.confidence)


def test_a_pass_with_the_same_window_needs_only_the_decoder(recognizer: WhisperRecognizer) -> None:
    """Also for some windows of a batch, and for some of these: each text is that of its own speech."""
    narrow = DecodePass(10, -9.0, beams=1)
    first = replace(narrow, sure_log_probability=log_probabilities(recognizer, narrow)[3])
    wide = DecodePass(10, -9.0)
    second = replace(wide, sure_log_probability=log_probabilities(recognizer, first, wide)[1])
    placement = batches(first, second, replace(wide, beams=2))
    watching, events = watch(recognizer, placement=placement)
    texts = transcribe_all(watching, [speech(one) for one in SENTENCES], wanted)
    assert [words(one.text) for one in texts] == [words(one) for one in SENTENCES]
    assert events == [("encode", 6, 3_000), ("write", 6), ("write", 3), ("write", 1)]


def test_output_on_a_graphics_card_is_not_read(recognizer: WhisperRecognizer) -> None:
    first = DecodePass(10, -9.0)
    unsure = replace(first, sure_log_probability=log_probabilities(recognizer, first)[2])
    placement = batches(unsure, DecodePass(12, -9.0, beams=2))
    card = CardModel(recognizer._model)
    model = like(recognizer, model=card, placement=placement)
    texts = transcribe_all(model, [speech(one) for one in SENTENCES], wanted)
    assert [words(one.text) for one in texts] == [words(one) for one in SENTENCES]
    assert [event[:2] for event in card.events if event[0] == "encode"] == [
        ("encode", 6),
        ("encode", 2),
    ]


def test_more_beams_than_the_settings_allow_are_no_further_pass(
    recognizer: WhisperRecognizer,
) -> None:
    passes = DecodePasses((), {"en": (DecodePass(10, 9.0, beams=1), DecodePass(10, 9.0))})
    watching, events = watch(recognizer, placement=Placement(passes=passes), beam_size=1)
    assert words(transcribe(watching, say(DOOR), ENGLISH).text) == words(DOOR)
    assert [event[0] for event in events] == ["encode", "write"]


def test_sure_text_is_decoded_once(recognizer: WhisperRecognizer) -> None:
    passes = DecodePasses((), {"en": (DecodePass(6, -1.0), DecodePass(12, -1.0))})
    watching, events = watch(recognizer, placement=Placement(passes=passes))
    assert words(transcribe(watching, say(DOOR), ENGLISH).text) == words(DOOR)
    assert [event[0] for event in events] == ["encode", "write"]


def test_passes_depend_on_the_language(polyglot: WhisperRecognizer) -> None:
    passes = DecodePasses((DecodePass(9, -9.0),), {"en": (DecodePass(6, -9.0, beams=1),)})
    watching, events = watch(polyglot, placement=Placement(batch_size=4, passes=passes))
    spoken = [TranscriptionRequest(language=code) for code in ("en", "it", "en")]
    transcribe_all(watching, [speech(DOOR, request) for request in spoken], wanted)
    encoded = [event[1:] for event in events if event[0] == "encode"]
    assert sorted(count for count, _ in encoded) == [1, 2]
    assert abs(encoded[0][1] - encoded[1][1]) == 300


@pytest.mark.parametrize(("beams", "times"), [(None, 1), (1, 2)])
def test_a_pass_that_is_no_different_is_skipped(
    recognizer: WhisperRecognizer, beams: int | None, times: int
) -> None:
    passes = DecodePasses(
        (), {"en": (DecodePass(WINDOW_S, 0.0, beams), DecodePass(WINDOW_S + 1, 0.0))}
    )
    watching, events = watch(recognizer, placement=Placement(passes=passes))
    assert words(transcribe(watching, say(DOOR), ENGLISH).text) == words(DOOR)
    frames = [event[2] for event in events if event[0] == "encode"]
    assert frames == [100 * WINDOW_S] * times


def test_partial_text_takes_one_pass(
    recognizer: WhisperRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "MAX_UNTRANSCRIBED_S", -100.0)
    watching, events = watch(recognizer, placement=Placement(passes=NEVER_SURE))
    transcribe_all(watching, [speech(DOOR, replace(ENGLISH, partial=True))], wanted)
    assert [event[0] for event in events] == ["encode", "write"]


@pytest.mark.parametrize(
    ("answers", "done"),
    [
        ([], []),
        ([True], ["encode", "detect"]),
        ([True, True], ["encode", "detect", "write"]),
        ([True, True, True], ["encode", "detect", "write", "whole"]),
    ],
)
def test_unwanted_speech_is_not_processed_further(
    polyglot: WhisperRecognizer,
    monkeypatch: pytest.MonkeyPatch,
    answers: list[bool],
    done: list[str],
) -> None:
    monkeypatch.setattr(window, "MAX_UNTRANSCRIBED_S", -100.0)
    transcribing, events = watch(polyglot)
    asked = iter(answers)
    try:
        result = transcribe_all(
            transcribing, [speech(DOOR, TranscriptionRequest())], lambda: next(asked, False)
        )
        assert words(result[0].text) == words(DOOR)
    except Abandoned:
        assert len(answers) < 3
    assert [event[0] for event in events] == done
