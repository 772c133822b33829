"""The reply to one request: its sentences, spoken one after the other in one stream of audio."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from wyoming_voice_stack.errors import EmptyText, NoAudio
from wyoming_voice_stack.tts.audio.reply_audio import ReplyAudio
from wyoming_voice_stack.tts.audio.runaway import RunawayDetector
from wyoming_voice_stack.tts.backend import TtsBackend
from wyoming_voice_stack.tts.engine import Samples, SynthesisRequest
from wyoming_voice_stack.tts.reply_places import RECHECK_SECONDS
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer
from wyoming_voice_stack.tts.script import Script, ScriptLine
from wyoming_voice_stack.tts.sentence_synthesis import SentenceSynthesis
from wyoming_voice_stack.tts.voices.catalogue import VoiceSelection

_LOGGER = logging.getLogger(__name__)

AHEAD_SECONDS = 5.0
"""Unplayed audio beyond which a reply leaves the engine to others, while many replies are in progress."""
LOW_BUFFER_SECONDS = 1.0
"""With less unplayed audio, the next sentence is requested early even then."""
MIN_SPEED = 0.25
MAX_SPEED = 4.0
"""Speech that is slower or faster is not understood."""
CLAUSE_PAUSE_SHARE = 0.4
"""Share of the pause between sentences that separates the parts of one sentence."""


@dataclass(frozen=True)
class SpeechAudio:
    """The next audio of a reply."""

    sample_rate: int
    """In Hz; the same for the whole reply."""
    samples: Samples
    """Mono samples in -1..1, shape [samples]."""


class Reply:
    """Takes text with `speak`, which yields audio; `finish` ends the reply. The creator closes it.

    The next sentence is requested from the engine while the current one is still being generated, but
    not far ahead of what is played while many replies are in progress. While others wait, a client that
    takes no audio has its sentences suspended.
    """

    def __init__(
        self,
        backend: TtsBackend,
        selection: VoiceSelection,
        connection_name: str,
        *,
        kind: str,
        speed: float = 1.0,
    ) -> None:
        """`kind` is how the text comes, `plain` or `streaming`, for the metrics.

        `speed` is relative to `TTS_SPEED`; their product stays within `MIN_SPEED` and `MAX_SPEED`.
        """
        self._backend = backend
        self._speed = min(max(backend.options.speed * speed, MIN_SPEED), MAX_SPEED)
        self._name = connection_name
        self._kind = kind
        self._selection = selection
        self._script = Script(backend, selection)
        self._playback = PlaybackBuffer()
        self._address = connection_name.rpartition(":")[0]
        self._place = backend.places.open(self._address, on_loss=self._suspend)
        self._sentences: set[SentenceSynthesis] = set()
        self._audio: ReplyAudio | None = None
        self._sample_rate = 0
        self._generated_samples = self._output_samples = 0
        self._first_audio_s = 0.0
        self._pause_ms = 0
        self._admitted = False
        self.from_cache = True
        """False once a sentence was requested that is not cached: its audio takes time."""

    async def speak(self, delta: str, *, ends: bool) -> AsyncGenerator[SpeechAudio, None]:
        """Take more text, or the last of it, and yield the audio of the sentences that it completes.

        Raises:
            VoiceStackError: the text is too long, or the engine failed or is not available.
        """
        self._place.note_use()
        async with aclosing(self._script.push(delta, ends=ends)) as lines:
            current, following = await self._next(lines), None
            try:
                while current is not None:
                    async with aclosing(self._synthesize(*current)) as audio:
                        async for samples in audio:
                            if len(samples):
                                self._place.note_offer()
                                yield self._output(samples)
                            self._place.note_use()
                            if following is None and self._wants_next(current[1]):
                                following = await self._next(lines)
                    self._close(current[1])
                    if following is None:
                        await self._wait_until_needed()
                        following = await self._next(lines)
                    current, following = following, None
            finally:
                for sentence in tuple(self._sentences):
                    self._close(sentence)
                self._place.note_wait_for_text()

    def finish(self) -> SpeechAudio:
        """End the reply, count it, and return its last audio, which may be empty.

        Raises:
            EmptyText: the text contains nothing to speak.
            NoAudio: the engine generated only silence.
        """
        if not self._admitted:
            raise EmptyText("The text contains nothing to speak. Send at least one word.")
        samples = self._count(self._audio.finish()) if self._audio is not None else None
        if samples is None or not self._output_samples:
            raise NoAudio("The engine generated only silence for this text. Try other words.")
        _LOGGER.info("[%s] %s", self._name, self._summary)
        self._backend.metrics.requests.labels(f"synthesize-{self._kind}", "ok").inc()
        return self._output(samples)

    def note_taken(self) -> None:
        """Note that the client took a part of the audio that `speak` yielded last."""
        self._place.note_use()
        self._place.note_offer()

    def close(self) -> None:
        """Leave the engine to other replies: this one is complete, or its client has gone."""
        self._place.release()

    def _wants_next(self, current: SentenceSynthesis) -> bool:
        """Whether to request the next sentence before the client has taken all of this one."""
        if not current.begun:
            return False
        if not self._place.crowded:
            return True
        return current.generated and self._playback.buffered_s < LOW_BUFFER_SECONDS

    async def _wait_until_needed(self) -> None:
        while self._place.crowded and (ahead_s := self._playback.buffered_s - AHEAD_SECONDS) > 0:
            await asyncio.sleep(min(ahead_s, RECHECK_SECONDS))
            self._place.note_use()

    @property
    def _summary(self) -> str:
        """One line about the whole reply, without any of its text."""
        return (
            f"{self._script.characters} characters, {self._output_samples / self._sample_rate:.1f} s"
            f" of audio, the first after {self._first_audio_s:.2f} s"
        )

    async def _next(
        self, lines: AsyncGenerator[ScriptLine, None]
    ) -> tuple[ScriptLine, SentenceSynthesis] | None:
        """Request the next sentence from the engine, if the text has one already."""
        line = await anext(lines, None)
        if line is None:
            return None
        _LOGGER.debug("[%s] speaking %s: %s", self._name, line.language, line.text)
        request = SynthesisRequest(
            text=line.text,
            language=line.language,
            voice=self._selection.voice,
            speaker=self._selection.speaker,
            clone=self._selection.clone,
            speed=self._speed,
        )
        if self._backend.synthesis_cache.get(request, self._address) is None:
            self.from_cache = False
            await self._claim()
        synthesis = SentenceSynthesis(
            self._backend,
            request,
            self._playback,
            address=self._address,
            admitted=self._admitted,
            regain=self._claim,
        )
        self._sentences.add(synthesis)
        self._admitted = True
        return line, synthesis

    async def _claim(self) -> None:
        await self._place.claim()
        for sentence in self._sentences:
            sentence.resume()

    def _suspend(self) -> None:
        for sentence in self._sentences:
            sentence.suspend()

    def _close(self, sentence: SentenceSynthesis) -> None:
        self._sentences.discard(sentence)
        sentence.close()

    async def _synthesize(
        self, line: ScriptLine, synthesis: SentenceSynthesis
    ) -> AsyncGenerator[Samples, None]:
        """Yield the audio of one sentence: once at its begin, per chunk of the engine, and at its end."""
        started, audio = False, self._audio
        async with aclosing(synthesis.chunks()) as chunks:
            if audio is not None:
                # At once: a client that waits for the first chunk plays the pause meanwhile.
                yield self._begin_sentence(audio, synthesis.request)
            async for sample_rate, samples in chunks:
                if not len(samples):
                    continue
                started = True
                if audio is None:
                    audio = self._begin(sample_rate)
                    yield self._begin_sentence(audio, synthesis.request)
                output = self._count(audio.push(samples))
                self._generated_samples += len(samples)
                withheld = self._generated_samples - self._output_samples
                self._playback.set_withheld(withheld / sample_rate)
                yield output
                if audio.done:
                    _LOGGER.debug("[%s] the voice spoke past its text and was stopped", self._name)
                    break
        if not started or audio is None:
            raise NoAudio("The engine generated no audio for a sentence. Try other words.")
        yield self._count(audio.end())
        synthesis.cache()
        pause_ms = self._backend.options.sentence_pause_ms
        self._pause_ms = pause_ms if line.ends_sentence else int(pause_ms * CLAUSE_PAUSE_SHARE)

    def _begin(self, sample_rate: int) -> ReplyAudio:
        self._sample_rate = sample_rate
        self._audio = ReplyAudio(sample_rate)
        return self._audio

    def _begin_sentence(self, audio: ReplyAudio, request: SynthesisRequest) -> Samples:
        may_run_away = self._backend.voices.card.may_run_away
        return self._count(
            audio.begin(
                self._pause_ms,
                runaway=RunawayDetector(request.text, request.speed) if may_run_away else None,
                buffered_s=max(0.0, self._playback.buffered_s),
            )
        )

    def _count(self, samples: Samples) -> Samples:
        """Count audio that goes to the client, and observe when the first of it is ready."""
        if len(samples) and not self._output_samples:
            self._first_audio_s = time.monotonic() - (self._script.first_text_at or 0.0)
            self._backend.metrics.first_audio.observe(self._first_audio_s)
        self._output_samples += len(samples)
        return samples

    def _output(self, samples: Samples) -> SpeechAudio:
        return SpeechAudio(self._sample_rate, samples)
