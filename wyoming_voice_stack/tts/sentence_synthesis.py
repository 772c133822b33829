"""One sentence being spoken: by the engine, or as it was spoken before."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from wyoming_voice_stack.engine.result_stream import ResultStream
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.tts.engine import Samples, SpeechSynthesizer, SynthesisRequest
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer
from wyoming_voice_stack.tts.voices.synthesis_cache import CachedSentence, SynthesisCache


class SentenceSynthesis:
    """Begins to be made as soon as it is there. Whoever makes it closes it."""

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
        self._known = synthesis_cache.get(request)
        self._stream: ResultStream[tuple[int, Samples]] | None = None
        if self._known is None:
            self._stream = worker.stream(_Speak(request, playback), admitted=admitted)
        self._rate = 0
        self._taken: list[Samples] = []

    async def pieces(self) -> AsyncIterator[tuple[int, Samples]]:
        """Yield sample rate and samples, piece by piece.

        Raises:
            VoiceStackError: the engine failed, or cannot be had.
        """
        if self._known is not None:
            for samples in self._known.pieces:
                self._playback.add(len(samples) / self._known.sample_rate)
                yield self._known.sample_rate, samples
        elif self._stream is not None:
            keeps = self._cache.takes(self.request)
            async for rate, samples in self._stream:
                self._rate = rate
                if keeps:
                    self._taken.append(samples)
                yield rate, samples

    def keep(self) -> None:
        """It was spoken to its end: remember how."""
        if self._taken:
            self._cache.put(self.request, CachedSentence(self._rate, tuple(self._taken)))

    def close(self) -> None:
        """Want no more of it."""
        if self._stream is not None:
            self._stream.close()


@dataclass(frozen=True)
class _Speak:
    """A sentence as a job: the engine tells its rate with every piece."""

    request: SynthesisRequest
    playback: PlaybackBuffer

    def __call__(self, engine: SpeechSynthesizer) -> Iterator[tuple[int, Samples]]:
        for samples in engine.synthesize(self.request, self.playback):
            self.playback.add(len(samples) / engine.sample_rate)
            yield engine.sample_rate, samples
