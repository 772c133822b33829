"""One client's talk with the speech-to-text server: sound in, text out."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Protocol

from wyoming.asr import (
    Transcribe,
    Transcript,
    TranscriptChunk,
    TranscriptStart,
    TranscriptStop,
)
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Transcription
from wyoming_voice_stack.asr.text.local_agreement import LocalAgreement
from wyoming_voice_stack.asr.utterance import TranscriptionContext, Utterance
from wyoming_voice_stack.asr.whisper.catalogue import to_tag
from wyoming_voice_stack.audio import PcmFormat
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.vocabulary import read

_LOGGER = logging.getLogger(__name__)

SLICE_BYTES = 64 * 1024
"""Audio that is brought to 16 kHz at once."""


class AsrBackend(Protocol):
    """What a session needs of its service."""

    @property
    def max_utterance_s(self) -> int:
        """Longest utterance in seconds."""
        ...

    @property
    def metrics(self) -> Metrics:
        """Where answers are counted."""
        ...

    @property
    def streams_text(self) -> bool:
        """Whether text is sent while somebody speaks."""
        ...

    def hear(self, transcribe: Transcribe) -> TranscriptionContext:
        """Find the engine and the languages that a request names."""
        ...


class AsrSession:
    """Answers `transcribe`, `audio-start`, `audio-chunk` and `audio-stop`, again and again."""

    def __init__(self, service: AsrBackend, connection_name: str) -> None:
        self._service = service
        self._name = connection_name
        self._hearing: TranscriptionContext | None = None
        self._utterance: Utterance | None = None
        self._shown: _PartialTranscript | None = None
        self._ended_here = False

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
            self._begin()
        elif AudioChunk.is_type(event.type):
            async for reply in self._take(read(AudioChunk, event, audio=event.payload or b"")):
                yield reply
        elif AudioStop.is_type(event.type):
            ended_here, self._ended_here = self._ended_here, False
            if not ended_here:
                async for reply in self._answer():
                    yield reply

    def closing_events(self) -> Sequence[Event]:
        """Nothing follows an error here."""
        return ()

    def close(self) -> None:
        """Drop what was asked for: the client has gone."""
        if self._utterance is not None:
            self._utterance.close()

    def _begin(self) -> Utterance:
        self.close()
        hearing = self._hearing or self._service.hear(Transcribe())
        self._utterance = Utterance(hearing, self._service.max_utterance_s * SAMPLE_RATE)
        self._shown = _PartialTranscript() if self._service.streams_text else None
        self._ended_here = False
        return self._utterance

    async def _take(self, chunk: AudioChunk) -> AsyncGenerator[Event, None]:
        if self._ended_here:
            return
        utterance = await self._listen(chunk)
        for reply in self._show(utterance):
            yield reply
        if utterance.over:
            self._ended_here = True
            async for reply in self._answer():
                yield reply

    async def _listen(self, chunk: AudioChunk) -> Utterance:
        pcm = PcmFormat(rate=chunk.rate, width=chunk.width, channels=chunk.channels)
        utterance = self._utterance or self._begin()
        # A large chunk is resampled slice by slice, so that the loop is never held for long.
        for begin in range(0, max(1, len(chunk.audio)), SLICE_BYTES):
            if begin:
                await asyncio.sleep(0)
            utterance.recording.take(pcm, chunk.audio[begin : begin + SLICE_BYTES])
            await utterance.follow()
        return utterance

    def _show(self, utterance: Utterance) -> Iterator[Event]:
        if self._shown is not None and (text := utterance.new_text()) is not None:
            yield from self._shown.more(text)

    async def _answer(self) -> AsyncGenerator[Event, None]:
        stopped_at = time.monotonic()
        utterance = self._utterance or self._begin()
        heard = await utterance.finish()
        self._note(utterance, heard, time.monotonic() - stopped_at)
        language = to_tag(heard.language) if heard.language else None
        transcript = Transcript(text=heard.text, language=language).event()
        if self._shown is None:
            yield transcript
        else:
            for event in self._shown.last(heard, transcript):
                yield event
        self._utterance = self._shown = None
        # Giving memory back stops everybody who takes some: better now than before.
        utterance.rest()

    def _note(self, utterance: Utterance, heard: Transcription, took_s: float) -> None:
        metrics = self._service.metrics
        metrics.stop_to_text.observe(took_s)
        metrics.requests.labels("transcribe", "text" if heard.text else "empty").inc()
        metrics.guesses.inc(utterance.guesses)
        _LOGGER.info(
            "[%s] %.1f s of audio, %d characters, after %.2f s",
            self._name,
            utterance.recording.seconds,
            len(heard.text),
            took_s,
        )
        _LOGGER.debug("[%s] heard: %s", self._name, heard.text)


class _PartialTranscript:
    """The text of one utterance as its client sees it grow."""

    def __init__(self) -> None:
        self._agreement = LocalAgreement()
        self._begun = False

    def more(self, guess: Transcription) -> Iterator[Event]:
        """What to send because of a new guess."""
        new = self._agreement.see(guess.text, guess.language)
        if new:
            yield from self._begin(guess)
            yield TranscriptChunk(text=new).event()

    def last(self, heard: Transcription, transcript: Event) -> Iterator[Event]:
        """What to send when the text is final."""
        yield from self._begin(heard)
        rest = self._agreement.end(heard.text, heard.language)
        if rest:
            yield TranscriptChunk(text=rest).event()
        yield transcript
        yield TranscriptStop().event()

    def _begin(self, text: Transcription) -> Iterator[Event]:
        if not self._begun:
            self._begun = True
            yield TranscriptStart(language=to_tag(text.language) if text.language else None).event()
