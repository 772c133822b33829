"""One recording heard whole, as an utterance is that ends at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from wyoming_voice_stack.asr.engine import (
    Samples,
    Speech,
    SpeechRecognizer,
    Transcription,
    TranscriptionRequest,
)
from wyoming_voice_stack.asr.text.joining import join_texts
from wyoming_voice_stack.asr.vad.segmenter import cut_out
from wyoming_voice_stack.asr.vad.silero_network import WINDOW_SAMPLES

ANY_LANGUAGE = TranscriptionRequest()


def wanted() -> bool:
    return True


def hear(
    recognizer: SpeechRecognizer, samples: Samples, request: TranscriptionRequest = ANY_LANGUAGE
) -> Transcription:
    """All that is said in a recording; the language of its beginning is that of all."""
    segmenter = recognizer.new_segmenter()
    segmenter.push(samples)
    segmenter.finish()
    heard: list[Transcription] = []
    for span in segmenter.spans:
        language = request.language or (heard[0].language if heard else None)
        speech = Speech(cut_out(samples, span), replace(request, language=language))
        heard += recognizer.transcribe([speech], wanted)
    spoken = next((one for one in heard if one.text), None)
    language = spoken.language if spoken else request.language
    return Transcription(join_texts([one.text for one in heard], language), language)


class WatchedModel:
    """A Whisper model that keeps a list of what it is made to do, and with how much."""

    def __init__(self, model: Any, events: list[Any] | None = None) -> None:
        self._model = model
        self.events = [] if events is None else events

    @property
    def model(self) -> WatchedModel:
        return WatchedModel(self._model.model, self.events)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def encode(self, bands: Any) -> Any:
        self.events.append(("encode", len(bands), bands.shape[-1]))
        return self._model.encode(bands)

    def detect_language(self, states: Any) -> Any:
        self.events.append(("detect", states.shape[0]))
        return self._model.detect_language(states)

    def generate(self, states: Any, prompts: Any, **options: Any) -> Any:
        self.events.append(("write", len(prompts)))
        return self._model.generate(states, prompts, **options)

    def transcribe(self, *args: Any, **options: Any) -> Any:
        self.events.append(("whole",))
        return self._model.transcribe(*args, **options)


class ScriptedVad:
    """Stands for a voice activity network that says what it was told to, then that all is silent."""

    def __init__(self, probabilities: Sequence[float], for_ever: float = 0.0) -> None:
        self._left = list(probabilities)
        self._for_ever = for_ever
        self._samples = 0

    def push(self, samples: Samples) -> Samples:
        self._samples += len(samples)
        count, self._samples = divmod(self._samples, WINDOW_SAMPLES)
        said, self._left = self._left[:count], self._left[count:]
        return np.array([*said, *[self._for_ever] * (count - len(said))], np.float32)

    def finish(self) -> Samples:
        return self.push(np.zeros(-self._samples % WINDOW_SAMPLES, np.float32))
