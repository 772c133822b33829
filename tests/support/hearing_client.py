"""An engine that counts words, and what a client reads of its texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.support.asr_client import OPTIONS
from tests.support.fakes import LOUD, FakeRecognizer
from tests.support.realtime_client import (
    TRANSCRIPTION,
    Json,
)
from wyoming_voice_stack.asr.engine import Speech, Transcription

LONG = replace(OPTIONS, max_utterance_s=100)
QUERY = "?intent=transcription"


class Counting(FakeRecognizer):
    """Transcribes one word per half second of speech, and is unsure of the last in partial text."""

    def transcribe_one(self, speech: Speech) -> Transcription:
        loud = np.count_nonzero(np.abs(speech.samples) > LOUD)
        sure = [f"word{number}" for number in range(round(loud / 8000))]
        unsure = [f"maybe{loud}"] if speech.request.partial else []
        return Transcription(" ".join(sure + unsure), speech.request.language or "en")


def transcript(events: list[Json]) -> str:
    [completed] = [event for event in events if event["type"] == f"{TRANSCRIPTION}.completed"]
    text: str = completed["transcript"]
    return text


def deltas(events: list[Json]) -> str:
    return "".join(event["delta"] for event in events if event["type"] == f"{TRANSCRIPTION}.delta")
