"""One client's talk with the speech-to-text server: sound in, text out."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from wyoming_voice_stack.asr.catalogue import to_tag
from wyoming_voice_stack.asr.engine import (
    SAMPLE_RATE,
    Samples,
    SpeechRecognizer,
    Transcription,
    TranscriptionRequest,
)
from wyoming_voice_stack.audio import PcmFormat, SpeechDecoder
from wyoming_voice_stack.core.metrics import Metrics
from wyoming_voice_stack.core.vocabulary import read
from wyoming_voice_stack.core.worker import Worker
from wyoming_voice_stack.errors import UtteranceTooLong

_LOGGER = logging.getLogger(__name__)

SLICE_BYTES = 64 * 1024
"""Audio that is brought to 16 kHz at once."""


@dataclass(frozen=True)
class Hearing:
    """How one request is heard: by which engine, and what it is told."""

    worker: Worker[SpeechRecognizer]
    request: TranscriptionRequest


class Listening(Protocol):
    """What a session needs of its service."""

    @property
    def max_utterance_s(self) -> int:
        """Longest utterance in seconds."""
        ...

    @property
    def metrics(self) -> Metrics:
        """Where answers are counted."""
        ...

    def hear(self, transcribe: Transcribe) -> Hearing:
        """Find the engine and the languages that a request names."""
        ...


@dataclass
class _Utterance:
    """Audio that has come so far, at 16 kHz mono."""

    max_samples: int
    pieces: list[Samples] = field(default_factory=list)
    samples: int = 0
    decoder: SpeechDecoder | None = None
    pcm: PcmFormat | None = None

    def take(self, pcm: PcmFormat, audio: bytes) -> None:
        if pcm != self.pcm or self.decoder is None:
            self.flush()
            self.pcm, self.decoder = pcm, SpeechDecoder(pcm, SAMPLE_RATE)
        self._add(self.decoder.push(audio))

    def flush(self) -> None:
        if self.decoder is not None:
            self._add(self.decoder.finish())
            self.decoder = None

    def _add(self, samples: Samples) -> None:
        self.samples += len(samples)
        if self.samples > self.max_samples:
            raise UtteranceTooLong(
                f"The utterance is longer than {self.max_samples // SAMPLE_RATE} s; send it in"
                " parts, or raise ASR_MAX_UTTERANCE_SECONDS."
            )
        if len(samples):
            self.pieces.append(samples)


class AsrSession:
    """Answers `transcribe`, `audio-start`, `audio-chunk` and `audio-stop`, again and again."""

    def __init__(self, service: Listening, connection_name: str) -> None:
        self._service = service
        self._name = connection_name
        self._hearing: Hearing | None = None
        self._utterance: _Utterance | None = None

    @property
    def busy(self) -> bool:
        """True from an utterance's first event to its transcript."""
        return self._utterance is not None

    async def handle(self, event: Event) -> AsyncGenerator[Event, None]:
        """Answer one event; unknown ones are ignored."""
        if Transcribe.is_type(event.type):
            self._hearing = self._service.hear(read(Transcribe, event))
        elif AudioStart.is_type(event.type):
            start = read(AudioStart, event)
            PcmFormat(rate=start.rate, width=start.width, channels=start.channels)
            self._utterance = self._new_utterance()
        elif AudioChunk.is_type(event.type):
            await self._listen(read(AudioChunk, event, audio=event.payload or b""))
        elif AudioStop.is_type(event.type):
            heard = await self._transcribe()
            language = to_tag(heard.language) if heard.language else None
            yield Transcript(text=heard.text, language=language).event()
            self._utterance = None

    def farewell(self) -> Sequence[Event]:
        """Nothing follows an error here."""
        return ()

    async def _listen(self, chunk: AudioChunk) -> None:
        pcm = PcmFormat(rate=chunk.rate, width=chunk.width, channels=chunk.channels)
        self._utterance = self._utterance or self._new_utterance()
        self._utterance.take(pcm, chunk.audio[:SLICE_BYTES])
        # A large chunk is resampled slice by slice, so that the loop is never held for long.
        for begin in range(SLICE_BYTES, len(chunk.audio), SLICE_BYTES):
            await asyncio.sleep(0)
            self._utterance.take(pcm, chunk.audio[begin : begin + SLICE_BYTES])

    def _new_utterance(self) -> _Utterance:
        return _Utterance(self._service.max_utterance_s * SAMPLE_RATE)

    async def _transcribe(self) -> Transcription:
        stopped_at = time.monotonic()
        hearing = self._hearing or self._service.hear(Transcribe())
        utterance = self._utterance or self._new_utterance()
        utterance.flush()
        if utterance.pieces:
            heard = await hearing.worker.run(_Transcribe(utterance.pieces, hearing.request))
        else:
            heard = Transcription(text="", language=hearing.request.language)
        took_s = time.monotonic() - stopped_at
        metrics = self._service.metrics
        metrics.stop_to_text.observe(took_s)
        metrics.requests.labels("transcribe", "text" if heard.text else "empty").inc()
        _LOGGER.info(
            "[%s] %.1f s of audio, %d characters, after %.2f s",
            self._name,
            utterance.samples / SAMPLE_RATE,
            len(heard.text),
            took_s,
        )
        _LOGGER.debug("[%s] heard: %s", self._name, heard.text)
        return heard


@dataclass(frozen=True)
class _Transcribe:
    """One utterance as a job."""

    pieces: Sequence[Samples]
    request: TranscriptionRequest

    def __call__(self, engine: SpeechRecognizer) -> Transcription:
        return engine.transcribe(np.concatenate(self.pieces), self.request)
