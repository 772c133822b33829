"""One request's answer: its sentences, spoken one after the other in one stream of sound."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.errors import EmptyText, NoAudio
from wyoming_voice_stack.tts.audio.reply_audio import ReplyAudio
from wyoming_voice_stack.tts.audio.runaway import RunawayDetector
from wyoming_voice_stack.tts.backend import TtsBackend
from wyoming_voice_stack.tts.catalogue import Choice
from wyoming_voice_stack.tts.engine import Samples, SynthesisRequest
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer
from wyoming_voice_stack.tts.script import Script, ScriptLine
from wyoming_voice_stack.tts.sentence_synthesis import SentenceSynthesis

_LOGGER = logging.getLogger(__name__)

CHUNKS_PER_SECOND = 10
"""Events that one second of audio is cut into."""
SAMPLE_WIDTH_BYTES = 2
CLAUSE_PAUSE_SHARE = 0.4
"""Of the pause between sentences, where one sentence is said in parts."""


class Reply:
    """Text goes in by `speak`, the audio's events come out; `finish` ends it.

    While one sentence sounds, the next one is asked for already.
    """

    def __init__(self, service: TtsBackend, choice: Choice, connection_name: str) -> None:
        self._service = service
        self._name = connection_name
        self._choice = choice
        self._script = Script(service, choice)
        self._playback = PlaybackBuffer()
        self._sound: ReplyAudio | None = None
        self._rate = 0
        self._samples = self._taken_samples = 0
        self._first_audio_s = 0.0
        self._pause_ms = 0
        self._asked = False

    @property
    def summary(self) -> str:
        """One line on the whole reply, without a word of it."""
        return (
            f"{self._script.characters} characters, {self._samples / self._rate:.1f} s of audio,"
            f" the first after {self._first_audio_s:.2f} s"
        )

    async def speak(self, delta: str, *, ends: bool) -> AsyncGenerator[Event, None]:
        """Take more text, or the last, and yield the audio of the sentences that it completes.

        Raises:
            VoiceStackError: the text is too long, or the engine failed or cannot be had.
        """
        async with aclosing(self._script.push(delta, ends=ends)) as lines:
            current, following = await self._next(lines), None
            try:
                while current is not None:
                    async with aclosing(self._say(*current)) as sound:
                        async for events in sound:
                            for event in events:
                                yield event
                            following = following or await self._next(lines)
                    current[1].close()
                    current, following = following, None
            finally:
                for pending in (current, following):
                    if pending is not None:
                        pending[1].close()

    def finish(self) -> Iterator[Event]:
        """End the audio.

        Raises:
            EmptyText: there was nothing to say.
            NoAudio: what was said cannot be heard.
        """
        if not self._asked:
            raise EmptyText("There is nothing to say in the text; send at least one word.")
        if self._sound is not None:
            yield from self._events(self._sound.finish())
        if not self._samples:
            raise NoAudio("The engine gave only silence for the text; try other words.")
        yield AudioStop().event()

    async def _next(
        self, lines: AsyncGenerator[ScriptLine, None]
    ) -> tuple[ScriptLine, SentenceSynthesis] | None:
        """Ask for what is to be said next, if that is known."""
        line = await anext(lines, None)
        if line is None:
            return None
        _LOGGER.debug("[%s] says in %s: %s", self._name, line.language, line.text)
        request = SynthesisRequest(
            text=line.text,
            language=line.language,
            voice=self._choice.voice,
            speaker=self._choice.speaker,
            clone=self._choice.clone,
            speed=self._service.options.speed,
        )
        take = SentenceSynthesis(
            self._service.worker,
            self._service.synthesis_cache,
            request,
            self._playback,
            admitted=self._asked,
        )
        self._asked = True
        return line, take

    async def _say(
        self, line: ScriptLine, take: SentenceSynthesis
    ) -> AsyncGenerator[list[Event], None]:
        """Yield the events of one sentence, those of a piece at a time."""
        heard = False
        async with aclosing(take.pieces()) as pieces:  # type: ignore[type-var]
            async for rate, samples in pieces:
                if not len(samples):
                    continue
                sound = self._sound or self._begin(rate)
                if not heard:
                    heard = True
                    yield list(self._events(self._begin_sentence(sound, take.request)))
                out = list(self._events(sound.push(samples)))
                self._taken_samples += len(samples)
                self._playback.set_withheld((self._taken_samples - self._samples) / rate)
                yield out
                if sound.done:
                    _LOGGER.debug("[%s] the voice ran on and was stopped", self._name)
                    break
        if not heard or self._sound is None:
            raise NoAudio("The engine gave no audio for a sentence; try other words.")
        yield list(self._events(self._sound.end()))
        take.keep()
        pause_ms = self._service.options.sentence_pause_ms
        self._pause_ms = pause_ms if line.ends_sentence else int(pause_ms * CLAUSE_PAUSE_SHARE)

    def _begin(self, rate: int) -> ReplyAudio:
        self._rate = rate
        self._sound = ReplyAudio(rate)
        return self._sound

    def _begin_sentence(self, sound: ReplyAudio, request: SynthesisRequest) -> Samples:
        run_on = (
            RunawayDetector(request.text, request.speed) if self._service.card.runs_on else None
        )
        return sound.begin(
            self._pause_ms, run_on=run_on, in_hand_s=max(0.0, self._playback.buffered_s)
        )

    def _events(self, samples: Samples) -> Iterator[Event]:
        if not len(samples):
            return
        if not self._samples:
            self._first_audio_s = time.monotonic() - (self._script.first_came_at or 0.0)
            self._service.metrics.first_audio.observe(self._first_audio_s)
            yield AudioStart(rate=self._rate, width=SAMPLE_WIDTH_BYTES, channels=1).event()
        self._samples += len(samples)
        pcm = to_pcm16(samples)
        step = self._rate // CHUNKS_PER_SECOND * SAMPLE_WIDTH_BYTES
        for start in range(0, len(pcm), step):
            yield AudioChunk(
                rate=self._rate,
                width=SAMPLE_WIDTH_BYTES,
                channels=1,
                audio=pcm[start : start + step],
            ).event()
