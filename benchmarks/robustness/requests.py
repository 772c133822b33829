"""The requests of attackers and bystanders, as Wyoming events."""

from __future__ import annotations

from functools import cache

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.tts import Synthesize

from benchmarks.robustness.attack import Service
from tests.support.integration.client import SENTENCE, utterance

FORM = (16000, 2, 1)
SECOND_BYTES = 32_000
LAST_EVENT: dict[Service, str] = {"asr": "transcript", "tts": "audio-stop"}
"""Type of the event that ends a reply."""
LONG_TEXT = (
    "The weather will be sunny in the morning, and clouds will come in from the west at noon. "
    "Take an umbrella with you in the afternoon, because heavy rain is expected until the evening. "
) * 40


@cache
def short_request(service: Service) -> tuple[Event, ...]:
    """A spoken sentence of three seconds, or a sentence to speak."""
    if service == "tts":
        return (Synthesize(text=SENTENCE).event(),)
    return (Event("transcribe", {"language": "en"}), *utterance())


@cache
def long_request(service: Service) -> tuple[Event, ...]:
    """Ten minutes of speech, or of text."""
    if service == "tts":
        return (Synthesize(text=LONG_TEXT).event(),)
    return (Event("transcribe", {"language": "en"}), *utterance(600.0))


def silence(seconds: int) -> tuple[Event, ...]:
    """The beginning of an utterance, as `seconds` events; it does not end."""
    chunk = AudioChunk(*FORM, bytes(SECOND_BYTES)).event()
    return (AudioStart(*FORM).event(), *[chunk] * seconds)


def end_of_audio() -> Event:
    """The end of an utterance."""
    return AudioStop().event()
