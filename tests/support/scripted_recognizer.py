"""Helpers around a real recognizer: transcribe a whole recording, watch a model, script detection."""

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
from wyoming_voice_stack.engine.job_handle import Wanted

ANY_LANGUAGE = TranscriptionRequest()


def wanted() -> bool:
    return True


def transcribe(
    recognizer: SpeechRecognizer, samples: Samples, request: TranscriptionRequest = ANY_LANGUAGE
) -> Transcription:
    """Transcribe a whole recording; the language of its first speech applies to all of it."""
    segmenter = recognizer.new_segmenter()
    segmenter.push(samples)
    segmenter.finish()
    results: list[Transcription] = []
    for span in segmenter.spans:
        language = request.language or (results[0].language if results else None)
        speech = Speech(cut_out(samples, span), replace(request, language=language))
        results += transcribe_all(recognizer, [speech], wanted)
    with_text = next((one for one in results if one.text), None)
    language = with_text.language if with_text else request.language
    return Transcription(join_texts([one.text for one in results], language), language)


def transcribe_all(
    recognizer: SpeechRecognizer, speeches: Sequence[Speech], wanted: Wanted
) -> list[Transcription]:
    """Transcribe spans in one call, and return the results in their order."""
    found = dict(recognizer.transcribe(speeches, wanted))
    return [found[number] for number in range(len(speeches))]


class WatchedModel:
    """A Whisper model that records its calls and the size of their input."""

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
    """A voice activity detector that returns these probabilities, then `then` for the rest."""

    def __init__(self, probabilities: Sequence[float], then: float = 0.0) -> None:
        self._left = list(probabilities)
        self._then = then
        self._samples = 0

    def push(self, samples: Samples) -> Samples:
        self._samples += len(samples)
        count, self._samples = divmod(self._samples, WINDOW_SAMPLES)
        said, self._left = self._left[:count], self._left[count:]
        return np.array([*said, *[self._then] * (count - len(said))], np.float32)

    def finish(self) -> Samples:
        return self.push(np.zeros(-self._samples % WINDOW_SAMPLES, np.float32))
