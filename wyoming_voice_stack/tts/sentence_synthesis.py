"""The synthesis of one sentence: by the engine, or from the cache."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from dataclasses import dataclass

from wyoming_voice_stack.engine.result_stream import ResultStream
from wyoming_voice_stack.tts.backend import TtsBackend
from wyoming_voice_stack.tts.engine import Samples, SpeechSynthesizer, SynthesisRequest
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer, SentenceBuffer
from wyoming_voice_stack.tts.scheduling.speech_rate import SpeechRate
from wyoming_voice_stack.tts.synthesis_cache import CachedSentence


class SentenceSynthesis:
    """Requests the sentence from the engine when it is created. The creator closes it."""

    def __init__(
        self,
        backend: TtsBackend,
        request: SynthesisRequest,
        playback: PlaybackBuffer,
        *,
        address: str,
        admitted: bool,
        regain: Callable[[], Awaitable[None]],
    ) -> None:
        """`address` is the client's; an `admitted` sentence continues a reply.

        `regain` is called when audio is needed of a sentence that was suspended, and resumes it.
        """
        self.request = request
        self._playback = playback
        self._buffer = playback.begin_sentence()
        self._address = address
        self._regain = regain
        self._cache = backend.synthesis_cache
        self._cached = self._cache.get(request, address)
        self._can_suspend = backend.voices.card.can_suspend
        self._generated = threading.Event()
        self._stream: ResultStream[tuple[int, Samples]] | None = None
        if self._cached is None:
            self._stream = backend.worker.stream(
                _Synthesize(request, playback, self._buffer, backend.rate, self._generated),
                admitted=admitted,
                due=self._due,
            )
        self._sample_rate = 0
        self._to_cache: list[Samples] = []

    @property
    def begun(self) -> bool:
        """True once its first chunk has arrived."""
        return self._cached is not None or bool(self._sample_rate)

    @property
    def generated(self) -> bool:
        """True once the engine has nothing left to do for the sentence."""
        return self._cached is not None or self._generated.is_set()

    @property
    def _due(self) -> float:
        return time.monotonic() + max(0.0, self._playback.buffered_s)

    def suspend(self) -> None:
        """Stop the engine's work on the sentence until `resume`, where the engine can do so."""
        if self._stream is not None and self._can_suspend:
            self._stream.suspend()

    def resume(self) -> None:
        """Continue the engine's work on the sentence."""
        if self._stream is not None:
            self._stream.resume(self._due)

    async def chunks(self) -> AsyncGenerator[tuple[int, Samples], None]:
        """Yield the sample rate and the samples of each chunk.

        Raises:
            VoiceStackError: the engine failed or is not available.
        """
        if self._cached is not None:
            for samples in self._cached.chunks:
                self._buffer.add(len(samples) / self._cached.sample_rate)
                yield self._cached.sample_rate, samples
        elif self._stream is not None:
            caching = self._cache.accepts(self.request)
            while (chunk := await self._next_chunk(self._stream)) is not None:
                self._sample_rate, samples = chunk
                if caching:
                    self._to_cache.append(samples)
                yield chunk

    async def _next_chunk(
        self, stream: ResultStream[tuple[int, Samples]]
    ) -> tuple[int, Samples] | None:
        if stream.waits_for_resume:
            await self._regain()
        return await anext(stream, None)

    def cache(self) -> None:
        """Put the sentence, which is complete, into the cache."""
        if self._to_cache:
            sentence = CachedSentence(self._sample_rate, tuple(self._to_cache))
            self._cache.put(self.request, self._address, sentence)

    def close(self) -> None:
        """Stop the engine's work on the sentence."""
        if self._stream is not None:
            self._stream.close()
        self._buffer.finish()


@dataclass(frozen=True)
class _Synthesize:
    """A sentence as a job for the worker; every chunk comes with the engine's sample rate."""

    request: SynthesisRequest
    playback: PlaybackBuffer
    buffer: SentenceBuffer
    rate: SpeechRate
    generated: threading.Event
    """Set once all audio of the sentence is generated."""

    def __call__(self, engine: SpeechSynthesizer) -> Iterator[tuple[int, Samples]]:
        chunks = iter(engine.synthesize(self.request, self.playback))
        while (samples := self._next(chunks)) is not None:
            seconds = len(samples) / engine.sample_rate
            self.rate.add(seconds)
            self.buffer.add(seconds)
            yield engine.sample_rate, samples
        self.buffer.finish()
        self.generated.set()

    def _next(self, chunks: Iterator[Samples]) -> Samples | None:
        with self.rate.computing():
            return next(chunks, None)
