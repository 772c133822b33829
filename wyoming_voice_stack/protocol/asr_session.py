"""The Wyoming front end of speech to text: events to calls of the service, and its text to events."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator, Sequence

from wyoming.asr import (
    Transcribe,
    Transcript,
    TranscriptChunk,
    TranscriptStart,
    TranscriptStop,
    VadSensitivity,
)
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from wyoming_voice_stack.asr.engine import Transcription
from wyoming_voice_stack.asr.service import AsrService
from wyoming_voice_stack.asr.text.local_agreement import LocalAgreement
from wyoming_voice_stack.asr.utterance import Utterance
from wyoming_voice_stack.asr.utterance_request import UtteranceRequest
from wyoming_voice_stack.asr.whisper.catalogue import to_tag
from wyoming_voice_stack.audio import PcmFormat
from wyoming_voice_stack.protocol.event_validation import read
from wyoming_voice_stack.protocol.info import ASR_PROGRAM, asr_info
from wyoming_voice_stack.protocol.other_server import OtherServer, text_to_speech_at

_LOGGER = logging.getLogger(__name__)


class AsrFrontEnd:
    """Offers a speech-to-text service over the Wyoming protocol."""

    programs = (ASR_PROGRAM,)

    def __init__(self, service: AsrService, *, tts_port: int | None = None) -> None:
        """`tts_port` is where text to speech is served, if it is known."""
        self._service = service
        self._text_to_speech = text_to_speech_at(tts_port)
        self._served = service.status().summary
        self._info = self._make_info()

    def info(self) -> Event:
        """Return the `info` event, which is rebuilt only when the device has changed."""
        served = self._service.status().summary
        if served != self._served:
            self._served = served
            self._info = self._make_info()
        return self._info

    def open_session(self, connection_name: str) -> AsrSession:
        """Open the session of a new connection."""
        return AsrSession(self._service, self._text_to_speech, connection_name)

    def _make_info(self) -> Event:
        return asr_info(
            self._service.models,
            self._served,
            streams_text=self._service.streams_text,
            detects_endpoint=self._service.detects_endpoint,
        )


class AsrSession:
    """Answers `transcribe`, `audio-start`, `audio-chunk` and `audio-stop`, for any number of utterances."""

    def __init__(
        self, service: AsrService, text_to_speech: OtherServer, connection_name: str
    ) -> None:
        self._service = service
        self._text_to_speech = text_to_speech
        self._name = connection_name
        self._request = UtteranceRequest()
        self._utterance: Utterance | None = None
        self._partial: _PartialTranscript | None = None
        self._ended_early = False

    @property
    def busy(self) -> bool:
        """True from an utterance's first event to its transcript."""
        return self._utterance is not None

    async def handle(self, event: Event) -> AsyncGenerator[Event, None]:
        """Answer one event; refuse those of text to speech, and ignore unknown ones."""
        if Transcribe.is_type(event.type):
            self._select(read(Transcribe, event))
        elif AudioStart.is_type(event.type):
            start = read(AudioStart, event)
            PcmFormat(rate=start.rate, width=start.width, channels=start.channels)
            self._begin()
        elif AudioChunk.is_type(event.type):
            async for reply in self._take(read(AudioChunk, event, audio=event.payload or b"")):
                yield reply
        elif AudioStop.is_type(event.type):
            ended_early, self._ended_early = self._ended_early, False
            if not ended_early:
                async for reply in self._answer():
                    yield reply
        else:
            self._text_to_speech.refuse(event)

    def closing_events(self) -> Sequence[Event]:
        """Return no events: nothing follows an `error` here."""
        return ()

    def close(self) -> None:
        """Cancel the utterance that is not answered yet."""
        if self._utterance is not None:
            self._utterance.close()

    def _select(self, transcribe: Transcribe) -> None:
        request = UtteranceRequest(
            model=transcribe.name,
            language=transcribe.language,
            names=tuple(transcribe.transcript_names or ()),
            terms=tuple(transcribe.transcript_terms or ()),
            sensitivity=_sensitivity(transcribe.vad_sensitivity),
        )
        # An unknown model or language is reported now, not when the audio starts.
        self._service.resolve(request)
        self._request = request

    def _begin(self) -> Utterance:
        self.close()
        self._utterance = self._service.open_utterance(self._request)
        self._partial = _PartialTranscript() if self._service.streams_text else None
        self._ended_early = False
        return self._utterance

    async def _take(self, chunk: AudioChunk) -> AsyncGenerator[Event, None]:
        if self._ended_early:
            return
        pcm = PcmFormat(rate=chunk.rate, width=chunk.width, channels=chunk.channels)
        utterance = self._utterance or self._begin()
        await utterance.push(pcm, chunk.audio)
        if self._partial is not None and (text := utterance.partial_text()) is not None:
            for reply in self._partial.extend(text):
                yield reply
        if utterance.over:
            self._ended_early = True
            async for reply in self._answer():
                yield reply

    async def _answer(self) -> AsyncGenerator[Event, None]:
        utterance = self._utterance or self._begin()
        result = await utterance.finish()
        _LOGGER.info("[%s] %s", self._name, utterance.summary)
        _LOGGER.debug("[%s] transcript: %s", self._name, result.text)
        transcript = Transcript(text=result.text, language=_tag(result)).event()
        if self._partial is None:
            yield transcript
        else:
            for event in self._partial.finish(result, transcript):
                yield event
        self._utterance = self._partial = None
        utterance.close()


class _PartialTranscript:
    """Sends the text of one utterance while it grows."""

    def __init__(self) -> None:
        self._agreement = LocalAgreement()
        self._begun = False

    def extend(self, partial: Transcription) -> Iterator[Event]:
        """Return the events for the words that a new partial text makes stable."""
        new = self._agreement.add(partial.text, partial.language)
        if new:
            yield from self._begin(partial)
            yield TranscriptChunk(text=new).event()

    def finish(self, result: Transcription, transcript: Event) -> Iterator[Event]:
        """Return the events that complete the text."""
        yield from self._begin(result)
        rest = self._agreement.finish(result.text, result.language)
        if rest:
            yield TranscriptChunk(text=rest).event()
        yield transcript
        yield TranscriptStop().event()

    def _begin(self, text: Transcription) -> Iterator[Event]:
        if not self._begun:
            self._begun = True
            yield TranscriptStart(language=_tag(text)).event()


def _tag(text: Transcription) -> str | None:
    return to_tag(text.language) if text.language else None


def _sensitivity(value: str | VadSensitivity | None) -> str | None:
    return value.value if isinstance(value, VadSensitivity) else value
