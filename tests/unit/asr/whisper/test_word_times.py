"""When the words of a transcription were spoken, against the durations of the voice that spoke them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tests.support.scripted_recognizer import WatchedModel, transcribe_all, wanted
from tests.support.speech import say, silence
from tests.support.timed_speech import TimedSpeech, say_timed
from tests.support.whisper_speech import like
from wyoming_voice_stack.asr.engine import Speech, TimedWord, TranscriptionRequest
from wyoming_voice_stack.asr.whisper import word_alignment
from wyoming_voice_stack.asr.whisper.engine import WhisperRecognizer

TIMED = TranscriptionRequest(language="en", word_times=True)
MAX_MEDIAN_ERROR_S = 0.12
"""The smallest model; `benchmarks.word_times` has the figures."""
SENTENCES = (
    "Please close the garage door and turn off all the lights.",
    "The kitchen window is open and the front door is locked.",
    "Add butter, milk and cheese to the shopping list.",
)


def timed(recognizer: WhisperRecognizer, speech: TimedSpeech) -> tuple[TimedWord, ...]:
    [result] = transcribe_all(recognizer, [Speech(speech.samples, TIMED)], wanted)
    assert result.text == " ".join(word.text for word in result.words)
    return result.words


@pytest.mark.parametrize("sentence", SENTENCES)
def test_words_are_where_they_were_spoken(recognizer: WhisperRecognizer, sentence: str) -> None:
    speech = say_timed(sentence)
    found = timed(recognizer, speech)
    assert len(found) == len(speech.words)
    errors = [
        abs(ours - true)
        for word, spoken in zip(found, speech.words, strict=True)
        for ours, true in ((word.start_s, spoken.start_s), (word.end_s, spoken.end_s))
    ]
    assert np.median(errors) < MAX_MEDIAN_ERROR_S


def test_a_pause_between_words_belongs_to_neither(recognizer: WhisperRecognizer) -> None:
    first, second = say("Close the garage door."), say("Stop the music.")
    pause_s = 0.8
    samples = np.concatenate([silence(0.3), first, silence(pause_s), second, silence(0.2)])
    [result] = transcribe_all(recognizer, [Speech(samples, TIMED)], wanted)
    gaps = [after.start_s - before.end_s for before, after in pairwise(result.words)]
    assert max(gaps) >= pause_s
    assert int(np.argmax(gaps)) == 3


def test_corrected_names_have_times(recognizer: WhisperRecognizer) -> None:
    request = TranscriptionRequest(language="en", names=("Kontor",), word_times=True)
    [result] = transcribe_all(recognizer, [Speech(say("Please call Kontor."), request)], wanted)
    assert "Kontor" in result.words[-1].text
    assert result.words[-1].end_s > result.words[-1].start_s


def test_the_text_is_the_same_and_nothing_is_computed_unless_asked(
    recognizer: WhisperRecognizer,
) -> None:
    events: list[Any] = []
    watched = like(recognizer, model=WatchedModel(recognizer._model, events))
    [plain] = transcribe_all(
        watched, [Speech(say(SENTENCES[0]), TranscriptionRequest(language="en"))], wanted
    )
    before = list(events)
    [with_times] = transcribe_all(watched, [Speech(say(SENTENCES[0]), TIMED)], wanted)
    assert plain.words == ()
    assert with_times.text == plain.text
    assert [event[0] for event in events[len(before) :]] == [*(e[0] for e in before), "encode"]


def test_silence_has_no_words_and_figures_are_reported(recognizer: WhisperRecognizer) -> None:
    quiet, spoken = transcribe_all(
        recognizer, [Speech(silence(1.0), TIMED), Speech(say(SENTENCES[0]), TIMED)], wanted
    )
    assert (quiet.text, quiet.words) == ("", ())
    assert spoken.confidence is not None
    assert -1 < spoken.confidence.avg_logprob < 0
    assert 0 <= spoken.confidence.no_speech_prob < 0.6
    assert spoken.confidence.compression_ratio > 0


def test_a_text_with_too_many_tokens_is_placed_by_its_length(
    recognizer: WhisperRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_alignment, "MAX_ALIGNED_TOKENS", 3)
    found = timed(recognizer, say_timed(SENTENCES[0]))
    assert found[-1].end_s > found[0].start_s


@pytest.mark.parametrize(
    ("pieces", "unspaced", "words", "first"),
    [
        ([" Yes", ",", " no", "."], False, ["Yes,", "no."], [0, 2]),
        ([' "', "Stop", '"', " now"], False, ['"Stop"', "now"], [0, 3]),
        ([" -", " go"], False, ["- go"], [0]),
        (["你", "好", "。"], True, ["你", "好。"], [0, 1]),
    ],
)
def test_punctuation_belongs_to_its_word(
    pieces: list[str], unspaced: bool, words: list[str], first: list[int]
) -> None:
    assert word_alignment._words(pieces, unspaced=unspaced) == (words, first)
