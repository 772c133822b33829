"""The synthesis of one sentence: by the engine, or from the cache."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass

from wyoming_voice_stack.engine.result_stream import ResultStream
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.tts.engine import Samples, SpeechSynthesizer, SynthesisRequest
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer
from wyoming_voice_stack.tts.synthesis_cache import CachedSentence, SynthesisCache


class SentenceSynthesis:
    """Requests the sentence from the engine when it is created. The creator closes it."""

    def __init__(
        self,
        worker: Worker[SpeechSynthesizer],
        synthesis_cache: SynthesisCache,
        request: SynthesisRequest,
        playback: PlaybackBuffer,
        *,
        admitted: bool,
    ) -> None:
        self.request = request
        self._playback = playback
        self._cache = synthesis_cache
        self._cached = synthesis_cache.get(request)
        self._stream: ResultStream[tuple[int, Samples]] | None = None
        if self._cached is None:
            self._stream = worker.stream(_Synthesize(request, playback), admitted=admitted)
        self._sample_rate = 0
        self._to_cache: list[Samples] = []

    async def chunks(self) -> AsyncGenerator[tuple[int, Samples], None]:
        """Yield the sample rate and the samples of each chunk.

        Raises:
            VoiceStackError: the engine failed or is not available.
        """
        if self._cached is not None:
            for samples in self._cached.chunks:
                self._playback.add(len(samples) / self._cached.sample_rate)
                yield self._cached.sample_rate, samples
        elif self._stream is not None:
            caching = self._cache.accepts(self.request)
            async for sample_rate, samples in self._stream:
                self._sample_rate = sample_rate
                if caching:
                    self._to_cache.append(samples)
                yield sample_rate, samples

    def cache(self) -> None:
        """Put the sentence, which is complete, into the cache."""
        if self._to_cache:
            sentence = CachedSentence(self._sample_rate, tuple(self._to_cache))
            self._cache.put(self.request, sentence)

    def close(self) -> None:
        """Stop the engine's work on the sentence."""
        if self._stream is not None:
            self._stream.close()


@dataclass(frozen=True)
class _Synthesize:
    """A sentence as a job for the worker; every chunk comes with the engine's sample rate."""

    request: SynthesisRequest
    playback: PlaybackBuffer

    def __call__(self, engine: SpeechSynthesizer) -> Iterator[tuple[int, Samples]]:
        for samples in engine.synthesize(self.request, self.playback):
            self.playback.add(len(samples) / engine.sample_rate)
            yield engine.sample_rate, samples
