"""Sentences, and an engine that is watched while it transcribes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.support.scripted_recognizer import WatchedModel, transcribe
from tests.support.speech import say, words
from wyoming_voice_stack.asr.engine import Samples, Speech, TranscriptionRequest
from wyoming_voice_stack.asr.whisper.engine import WhisperRecognizer

ENGLISH = TranscriptionRequest(language="en")
DOOR = "Close the garage door and turn off all the lights."
SENTENCES = (
    "Turn on the kitchen light.",
    "What is the weather like tomorrow in London?",
    "Set a timer for ten minutes.",
    DOOR,
    "No, thank you very much.",
    "Stop.",
)


def text(recognizer: WhisperRecognizer, samples: Samples) -> list[str]:
    return words(transcribe(recognizer, samples, ENGLISH).text)


def like(recognizer: WhisperRecognizer, **changes: object) -> WhisperRecognizer:
    """A recognizer with the same model and other settings."""
    same = {
        "languages": recognizer.languages,
        "beam_size": recognizer._beam_size,
        "vad": recognizer._vad,
        "placement": recognizer._placement,
    }
    model = changes.pop("model", recognizer._model)
    return WhisperRecognizer(model, **same | changes)  # type: ignore[arg-type]


def watch(recognizer: WhisperRecognizer, **changes: object) -> tuple[WhisperRecognizer, list[Any]]:
    """A recognizer with the same model, and the list of calls it makes."""
    model = WatchedModel(recognizer._model)
    return like(recognizer, model=model, **changes), model.events


def speech(sentence: str, request: TranscriptionRequest = ENGLISH) -> Speech:
    return Speech(np.pad(say(sentence), (3_200, 1_600)), request)
