"""Genuine weights: Whisper tiny.en, exported as Optimum does, says what was said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.support.checkpoints.whisper_export import write_whisper_export
from tests.support.scripted_recognizer import transcribe, transcribe_all, wanted
from tests.support.speech import say, words
from wyoming_voice_stack.asr.engine import Speech, TranscriptionRequest
from wyoming_voice_stack.asr.onnx.engine import OnnxRecognizer
from wyoming_voice_stack.asr.onnx.layouts import read_layout
from wyoming_voice_stack.asr.vad.silero import SileroVad
from wyoming_voice_stack.errors import RequestError

ENGLISH = TranscriptionRequest(language="en")
SENTENCES = (
    "Close the garage door and turn off all the lights.",
    "What is the weather like tomorrow in London?",
    "Set a timer for ten minutes.",
)


@pytest.fixture(scope="module")
def exported(multilingual: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("onnx_asr", reason="the extra onnx-asr is not installed")
    return write_whisper_export(multilingual, tmp_path_factory.mktemp("export") / "whisper")


@pytest.fixture(scope="module")
def whisper(exported: Path, vad: SileroVad) -> Iterator[OnnxRecognizer]:
    languages = read_layout(exported).languages
    with closing(OnnxRecognizer.load(exported, languages=languages, threads=2, vad=vad)) as loaded:
        yield loaded


def test_languages_are_those_of_the_vocabulary(whisper: OnnxRecognizer) -> None:
    assert len(whisper.languages) == 99
    assert {"en", "de", "jw"} < set(whisper.languages)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_speech_is_recognized(whisper: OnnxRecognizer, sentence: str) -> None:
    result = transcribe(whisper, say(sentence), ENGLISH)
    assert (words(result.text), result.language) == (words(sentence), "en")


def test_it_takes_the_language(whisper: OnnxRecognizer) -> None:
    spoken = Speech(np.pad(say(SENTENCES[0]), 3_200), TranscriptionRequest(language="fr"))
    [result] = transcribe_all(whisper, [spoken], wanted)
    # The weights know only English, whatever the language.
    assert (words(result.text), result.language) == (words(SENTENCES[0]), "fr")


def test_it_tells_neither_times_nor_probabilities(whisper: OnnxRecognizer) -> None:
    request = TranscriptionRequest(language="en", word_times=True)
    [result] = transcribe_all(whisper, [Speech(np.pad(say(SENTENCES[0]), 3_200), request)], wanted)
    assert result.words == ()
    assert result.confidence is not None
    assert result.confidence.avg_logprob == 0


def test_the_library_does_not_translate(whisper: OnnxRecognizer) -> None:
    request = TranscriptionRequest(language="de", task="translate")
    with pytest.raises(RequestError, match="does not translate"):
        transcribe_all(whisper, [Speech(say(SENTENCES[0]), request)], wanted)
