"""One client's talk with the text-to-speech server: text in, sound out.

Both forms of the contract end in the same place: a stream of sentences, each a job of
the engine's worker, whose audio is one reply with one format.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.core.metrics import Metrics
from wyoming_voice_stack.core.vocabulary import read
from wyoming_voice_stack.core.worker import Worker
from wyoming_voice_stack.errors import EmptyText, NoAudio, TextTooLong, UnexpectedEvent
from wyoming_voice_stack.tts.catalogue import Choice
from wyoming_voice_stack.tts.engine import Samples, SpeechSynthesizer, SynthesisRequest
from wyoming_voice_stack.tts.sentences import SentenceStream, fit

_LOGGER = logging.getLogger(__name__)

CHUNKS_PER_SECOND = 10
"""Events that one second of audio is cut into."""
SAMPLE_WIDTH_BYTES = 2
SLICE_CHARACTERS = 256
"""Text that is cut into sentences at once."""


class Voicing(Protocol):
    """What a session needs of its service."""

    @property
    def worker(self) -> Worker[SpeechSynthesizer]:
        """The engine and its queue."""
        ...

    @property
    def options(self) -> SpeakingOptions:
        """How this server speaks."""
        ...

    @property
    def metrics(self) -> Metrics:
        """Where answers are counted."""
        ...

    async def choose(self, voice: SynthesizeVoice | None) -> Choice:
        """Find the voice that a request names."""
        ...

    def max_characters(self, language: str) -> int:
        """How long a sentence in this language may be."""
        ...

    async def detect_language(self, text: str, languages: Sequence[str]) -> str:
        """Tell which of these languages the text is in."""
        ...


@dataclass(frozen=True)
class SpeakingOptions:
    """Settings of every reply."""

    speed: float = 1.0
    sentence_pause_ms: int = 250
    max_text_characters: int = 100_000


class TtsSession:
    """Answers `synthesize`, and `synthesize-start`, `-chunk` and `-stop`."""

    def __init__(self, service: Voicing, connection_name: str) -> None:
        self._service = service
        self._name = connection_name
        self._reply: _Reply | None = None
        self._streaming = False

    @property
    def busy(self) -> bool:
        """True from a request's first event to its last reply."""
        return self._reply is not None

    async def handle(self, event: Event) -> AsyncGenerator[Event, None]:
        """Answer one event; unknown ones are ignored."""
        text = await self._take(event)
        if text is None or self._reply is None:
            return
        ends = not SynthesizeChunk.is_type(event.type)
        async with aclosing(self._reply.speak(text, ends=ends)) as sound:
            async for chunk in sound:
                yield chunk
        if ends:
            for closing in self._close():
                yield closing

    def farewell(self) -> Sequence[Event]:
        """`synthesize-stopped` ends a streamed reply, also a failed one."""
        return (SynthesizeStopped().event(),) if self._streaming else ()

    def close(self) -> None:
        """Nothing goes on between two events here."""

    async def _take(self, event: Event) -> str | None:
        """Return the text that the event adds to the reply; None if it asks for none."""
        if SynthesizeStart.is_type(event.type):
            if self._reply is not None:
                raise UnexpectedEvent("synthesize-start came again before synthesize-stop.")
            self._streaming = True
            self._reply = await self._begin(read(SynthesizeStart, event).voice)
        elif SynthesizeChunk.is_type(event.type):
            self._require_start(event)
            return read(SynthesizeChunk, event).text
        elif SynthesizeStop.is_type(event.type):
            self._require_start(event)
            return ""
        elif Synthesize.is_type(event.type) and not self._streaming:
            request = read(Synthesize, event)
            self._reply = await self._begin(request.voice)
            return request.text
        return None

    async def _begin(self, voice: SynthesizeVoice | None) -> _Reply:
        return _Reply(self._service, await self._service.choose(voice), self._name)

    def _require_start(self, event: Event) -> None:
        if self._reply is None:
            raise UnexpectedEvent(f"{event.type} came before synthesize-start; send that first.")

    def _close(self) -> Iterator[Event]:
        if self._reply is None or not self._reply.spoken:
            raise EmptyText("There is nothing to say in the text; send at least one word.")
        kind = "streaming" if self._streaming else "plain"
        _LOGGER.info("[%s] %s", self._name, self._reply.summary)
        self._service.metrics.requests.labels(f"synthesize-{kind}", "ok").inc()
        yield AudioStop().event()
        if self._streaming:
            yield SynthesizeStopped().event()
        self._reply, self._streaming = None, False


class _Reply:
    """One request: its sentences so far, and the one audio stream that answers it."""

    def __init__(self, service: Voicing, choice: Choice, connection_name: str) -> None:
        self._service = service
        self._name = connection_name
        self._options = service.options
        self._choice = choice
        self._sentences = SentenceStream(max(map(service.max_characters, choice.languages)))
        self._language: str | None = None
        self._characters = 0
        self._asked_at: float | None = None
        self._rate = 0
        self._samples = 0
        self._first_audio_s = 0.0

    @property
    def spoken(self) -> bool:
        """True once there was sound."""
        return self._rate > 0

    @property
    def summary(self) -> str:
        """One line on the whole reply, without a word of it."""
        return (
            f"{self._characters} characters, {self._samples / self._rate:.1f} s of audio,"
            f" the first after {self._first_audio_s:.2f} s"
        )

    async def speak(self, text: str, *, ends: bool) -> AsyncGenerator[Event, None]:
        """Take more text, or the last, and yield the audio of the sentences that it completes."""
        self._characters += len(text)
        if self._characters > self._options.max_text_characters:
            raise TextTooLong(
                f"The text is longer than {self._options.max_text_characters} characters;"
                " send it in parts, or raise TTS_MAX_TEXT_CHARACTERS."
            )
        self._asked_at = self._asked_at or time.monotonic()
        async for sentence in self._complete(text, ends=ends):
            language = await self._language_of(sentence)
            for part in fit(sentence, self._service.max_characters(language)):
                _LOGGER.debug("[%s] says in %s: %s", self._name, language, part)
                async with aclosing(self._say(part, language)) as sound:
                    async for event in sound:
                        yield event

    async def _complete(self, text: str, *, ends: bool) -> AsyncGenerator[str, None]:
        # A long text is cut up slice by slice, so that the loop is never held for long.
        for begin in range(0, len(text), SLICE_CHARACTERS):
            for sentence in self._sentences.push(text[begin : begin + SLICE_CHARACTERS]):
                yield sentence
            await asyncio.sleep(0)
        if ends:
            for sentence in self._sentences.finish():
                yield sentence

    async def _language_of(self, sentence: str) -> str:
        # One reply has one language: short later sentences would be told apart badly.
        if self._language is None:
            self._language = await self._service.detect_language(sentence, self._choice.languages)
        return self._language

    async def _say(self, sentence: str, language: str) -> AsyncGenerator[Event, None]:
        job = _Speak(
            SynthesisRequest(
                text=sentence,
                language=language,
                voice=self._choice.voice,
                speaker=self._choice.speaker,
                clone=self._choice.clone,
                speed=self._options.speed,
            )
        )
        heard = 0
        stream = self._service.worker.stream(job, admitted=self.spoken)
        async with aclosing(stream) as pieces:
            async for rate, samples in pieces:
                for event in self._sound(rate, samples, begins_sentence=not heard):
                    yield event
                heard += len(samples)
        if not heard:
            raise NoAudio("The engine gave no audio for a sentence; try other words.")

    def _sound(self, rate: int, samples: Samples, *, begins_sentence: bool) -> Iterator[Event]:
        if not len(samples):
            return
        if not self._rate:
            self._rate = rate
            self._first_audio_s = time.monotonic() - (self._asked_at or 0.0)
            self._service.metrics.first_audio.observe(self._first_audio_s)
            yield AudioStart(rate=rate, width=SAMPLE_WIDTH_BYTES, channels=1).event()
        elif begins_sentence:
            pause = np.zeros(rate * self._options.sentence_pause_ms // 1000, dtype=np.float32)
            samples = np.concatenate((pause, samples))
        self._samples += len(samples)
        pcm = to_pcm16(samples)
        step = rate // CHUNKS_PER_SECOND * SAMPLE_WIDTH_BYTES
        for start in range(0, len(pcm), step):
            yield AudioChunk(
                rate=rate, width=SAMPLE_WIDTH_BYTES, channels=1, audio=pcm[start : start + step]
            ).event()


@dataclass(frozen=True)
class _Speak:
    """One sentence as a job: the engine tells its rate with every piece."""

    request: SynthesisRequest

    def __call__(self, engine: SpeechSynthesizer) -> Iterator[tuple[int, Samples]]:
        for samples in engine.synthesize(self.request):
            yield engine.sample_rate, samples
