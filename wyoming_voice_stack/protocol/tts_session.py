"""The Wyoming front end of text to speech: events to calls of the service, and its audio to events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeTextFormat,
    SynthesizeVoice,
)

from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.errors import UnexpectedEvent
from wyoming_voice_stack.protocol.event_validation import read
from wyoming_voice_stack.protocol.info import TTS_PROGRAM, tts_info
from wyoming_voice_stack.protocol.other_server import OtherServer, speech_to_text_at
from wyoming_voice_stack.tts.reply import Reply, SpeechAudio
from wyoming_voice_stack.tts.service import TtsService
from wyoming_voice_stack.tts.voices.catalogue import VoiceRequest

CHUNKS_PER_SECOND = 10
"""Number of `audio-chunk` events per second of audio."""
SAMPLE_WIDTH_BYTES = 2


class TtsFrontEnd:
    """Offers a text-to-speech service over the Wyoming protocol."""

    programs = (TTS_PROGRAM,)

    def __init__(self, service: TtsService, *, asr_port: int | None = None) -> None:
        """`asr_port` is where speech to text is served, if it is known."""
        self._service = service
        self._speech_to_text = speech_to_text_at(asr_port)
        self._catalogue, self._served = service.voices.catalogue, service.status().summary
        self._info = tts_info(self._catalogue, self._served)

    def info(self) -> Event:
        """Return the `info` event, which is rebuilt only when voices or device have changed."""
        catalogue, served = self._service.voices.catalogue, self._service.status().summary
        if catalogue is not self._catalogue or served != self._served:
            self._catalogue, self._served = catalogue, served
            self._info = tts_info(catalogue, served)
        return self._info

    def open_session(self, connection_name: str) -> TtsSession:
        """Open the session of a new connection."""
        return TtsSession(self._service, self._speech_to_text, connection_name)


class TtsSession:
    """Answers `synthesize`, and `synthesize-start`, `-chunk` and `-stop`, with one audio stream each."""

    def __init__(
        self, service: TtsService, speech_to_text: OtherServer, connection_name: str
    ) -> None:
        self._service = service
        self._speech_to_text = speech_to_text
        self._name = connection_name
        self._reply: Reply | None = None
        self._streaming = False
        self._audio_started = False
        self._text_format: str | None = None

    @property
    def busy(self) -> bool:
        """True from a request's first event to the last event of its reply."""
        return self._reply is not None

    async def handle(self, event: Event) -> AsyncGenerator[Event, None]:
        """Answer one event; refuse those of speech to text, and ignore unknown ones."""
        text = await self._take(event)
        if text is None or self._reply is None:
            return
        ends = not SynthesizeChunk.is_type(event.type)
        async with aclosing(self._reply.speak(text, ends=ends)) as replies:
            async for audio in replies:
                for audio_event in self._audio_events(audio):
                    yield audio_event
                    self._reply.note_taken()
        if ends:
            for closing in self._finish(self._reply):
                yield closing

    def closing_events(self) -> Sequence[Event]:
        """Return `synthesize-stopped`, which ends a streaming reply even if it failed."""
        return (SynthesizeStopped().event(),) if self._streaming else ()

    def close(self) -> None:
        """Leave the engine to other replies."""
        if self._reply is not None:
            self._reply.close()

    async def _take(self, event: Event) -> str | None:
        """Return the text that the event adds to the reply; None if it adds none."""
        if SynthesizeStart.is_type(event.type):
            if self._reply is not None:
                raise UnexpectedEvent("synthesize-start was sent again before synthesize-stop.")
            self._streaming = True
            start = read(SynthesizeStart, event)
            self._reply = await self._open(start.voice)
            self._text_format = start.text_format
        elif SynthesizeChunk.is_type(event.type):
            self._require_start(event)
            return self._plain(read(SynthesizeChunk, event).text)
        elif SynthesizeStop.is_type(event.type):
            self._require_start(event)
            return ""
        elif Synthesize.is_type(event.type) and not self._streaming:
            request = read(Synthesize, event)
            self._reply = await self._open(request.voice)
            self._text_format = request.text_format
            return self._plain(request.text)
        else:
            self._speech_to_text.refuse(event)
        return None

    async def _open(self, voice: SynthesizeVoice | None) -> Reply:
        asked = voice or SynthesizeVoice()
        request = VoiceRequest(asked.name or None, asked.language or None, asked.speaker or None)
        self._audio_started = False
        return await self._service.open_reply(request, self._name, streaming=self._streaming)

    def _plain(self, text: str) -> str:
        """Separate what SSML separates by tags alone; tags are never spoken."""
        if self._text_format != SynthesizeTextFormat.SSML:
            return text
        return text.replace("</s>", "</s>\n").replace("</p>", "</p>\n").replace("<break", " <break")

    def _require_start(self, event: Event) -> None:
        if self._reply is None:
            raise UnexpectedEvent(
                f"{event.type} was sent before synthesize-start. Send synthesize-start first."
            )

    def _finish(self, reply: Reply) -> Iterator[Event]:
        last = reply.finish()
        reply.close()
        yield from self._audio_events(last)
        yield AudioStop().event()
        if self._streaming:
            yield SynthesizeStopped().event()
        self._reply, self._streaming = None, False

    def _audio_events(self, audio: SpeechAudio) -> Iterator[Event]:
        rate, width = audio.sample_rate, SAMPLE_WIDTH_BYTES
        pcm = to_pcm16(audio.samples)
        if pcm and not self._audio_started:
            self._audio_started = True
            yield AudioStart(rate=rate, width=width, channels=1).event()
        step = rate // CHUNKS_PER_SECOND * width
        for start in range(0, len(pcm), step):
            chunk = pcm[start : start + step]
            yield AudioChunk(rate=rate, width=width, channels=1, audio=chunk).event()
