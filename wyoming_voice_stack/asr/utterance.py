"""One utterance: its audio so far, and the transcriptions that were started in advance.

Speech is detected while the audio arrives. In a pause, the speech so far is transcribed speculatively,
as it would be if the audio ended there; if it does, the text is ready. Long speech is transcribed span
by span. While the engine is idle, speech that is not over yet is transcribed to partial text.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass

from wyoming_voice_stack.asr.early_transcription import EarlyTranscription
from wyoming_voice_stack.asr.engine import (
    SAMPLE_RATE,
    Segmenter,
    SpeechRecognizer,
    SpeechSpan,
    Transcription,
    TranscriptionRequest,
)
from wyoming_voice_stack.asr.partial_jobs import PartialJobs, Speakers
from wyoming_voice_stack.asr.recorded_audio import AudioBudget
from wyoming_voice_stack.asr.recording import Recording
from wyoming_voice_stack.asr.segments import TranscriptSegment, join_segments, segment_of
from wyoming_voice_stack.asr.span_jobs import SpanJobs
from wyoming_voice_stack.asr.vad.endpoint import Endpoint, SpeechActivity, speech_activity
from wyoming_voice_stack.audio import PcmFormat
from wyoming_voice_stack.background import OverloadTurns
from wyoming_voice_stack.engine.job_handle import JobHandle, Wanted
from wyoming_voice_stack.engine.queue import Priority
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.metrics import Metrics

SLICE_MS = 250
"""Audio that is decoded, or searched for speech, in one turn of the event loop. Of all recordings that
arrive faster than in real time, only one is worked on in each turn."""
SLICE_BYTES = 64 * 1024
"""Limit of the same for audio with many channels or a high sample rate."""
MAX_AHEAD_S = 0.5
"""Audio that arrives further ahead of real time comes from a file: its pauses are not waited in, so
nothing is transcribed speculatively."""


@dataclass(frozen=True)
class TranscriptionContext:
    """The engine, the request and the endpoint detection of one utterance."""

    worker: Worker[SpeechRecognizer]
    request: TranscriptionRequest
    endpoint: Endpoint | None = None
    """None leaves it to the client to end the utterance."""
    partial_text: bool = False


def _new_segmenter(engine: SpeechRecognizer) -> Segmenter:
    return engine.new_segmenter()


def _load(
    engine: SpeechRecognizer, items: Sequence[None], wanted: Wanted
) -> Iterable[tuple[int, None]]:
    del engine, wanted
    return enumerate(items)


class Utterance:
    """An utterance from its first audio to its text.

    A front end calls `push` for each chunk, may read `partial_text` and `over` after each, then
    calls `finish` once. It calls `close` after it has sent the text, or when the client is gone.
    """

    def __init__(
        self,
        context: TranscriptionContext,
        max_samples: int,
        metrics: Metrics,
        budget: AudioBudget | None = None,
        turns: OverloadTurns | None = None,
        speakers: Speakers | None = None,
        *,
        began_s_ago: float = 0.0,
    ) -> None:
        """`budget`, `turns` and `speakers` are shared by all utterances of a server.

        Live audio whose first samples were received `began_s_ago` is not ahead of real time.
        """
        self._context = context
        self._worker = context.worker
        self._metrics = metrics
        self._recording = Recording(max_samples, budget)
        self._segmenter: Segmenter | None = None
        self._segmented = 0
        self._next_search = 0
        """Length of the recording from which on speech is looked for again."""
        self._partials = PartialJobs(speakers or Speakers())
        self._turns = turns or OverloadTurns()
        self._began_at = time.monotonic() - began_s_ago
        self._jobs = SpanJobs(context.worker, context.request, self._recording)
        self._early = EarlyTranscription(
            context.worker,
            self._jobs,
            self._partials,
            language=context.request.language,
            partial_text=context.partial_text,
        )
        self._loading: JobHandle[None] | None = None
        self._segments: list[TranscriptSegment] = []
        self._summary = ""

    async def push(self, pcm: PcmFormat, audio: bytes) -> None:
        """Add a chunk of any size, and start the transcriptions that it makes possible.

        Raises:
            UtteranceTooLong: the audio exceeds the limit.
            Busy: the server holds too much audio.
        """
        frames = min(pcm.rate * SLICE_MS // 1000, SLICE_BYTES // pcm.frame_bytes)
        slice_bytes = frames * pcm.frame_bytes
        for begin in range(0, max(1, len(audio)), slice_bytes):
            if len(audio) > slice_bytes or self._ahead_s > MAX_AHEAD_S:
                await self._turns.wait()
            self._recording.append(pcm, audio[begin : begin + slice_bytes])
            await self._advance()

    @property
    def over(self) -> bool:
        """True when endpoint detection has found the end; always False without it."""
        endpoint, segmenter = self._context.endpoint, self._segmenter
        if endpoint is None or segmenter is None:
            return False
        return endpoint.reached(segmenter, self._recording.samples)

    @property
    def activity(self) -> SpeechActivity | None:
        """The speech found so far; None while the model is loading."""
        segmenter = self._segmenter
        return speech_activity(segmenter, self._recording.samples) if segmenter else None

    def partial_text(self) -> Transcription | None:
        """Return the newest text of all speech so far, once; None if there is nothing new.

        Its last words may still change; `LocalAgreement` finds those that are stable.
        """
        return self._early.newest_text(self._segmenter.spans) if self._segmenter else None

    async def finish(self) -> Transcription:
        """Transcribe what is not transcribed yet. Nothing may be pushed afterwards.

        Raises:
            Busy: the wait for the engine would be too long.
            VoiceStackError: the engine failed or is not available.
        """
        async for _ in self.finish_by_segment():
            pass
        return self._transcription(self._segments)

    async def finish_by_segment(self) -> AsyncGenerator[TranscriptSegment, None]:
        """Like `finish`; return each span of speech as soon as its text is there."""
        began_at = time.monotonic()
        async for segment in self._transcribe_rest():
            self._segments.append(segment)
            yield segment
        took_s = time.monotonic() - began_at
        text = self._transcription(self._segments).text
        self._metrics.stop_to_text.observe(took_s)
        self._metrics.requests.labels("transcribe", "text" if text else "empty").inc()
        self._metrics.speculative.inc(self._jobs.speculative)
        self._summary = f"{self._recording.seconds:.1f} s of audio, {len(text)} characters, after {took_s:.2f} s"

    @property
    def segments(self) -> tuple[TranscriptSegment, ...]:
        """The spans of speech that `finish` has transcribed."""
        return tuple(self._segments)

    @property
    def seconds(self) -> float:
        """Duration of the audio so far."""
        return self._recording.seconds

    @property
    def summary(self) -> str:
        """Figures for the log, without any of the text; empty before `finish`."""
        return self._summary

    def close(self) -> None:
        """Cancel all jobs and free the audio; after `finish`, let the engine free the memory it used."""
        self._early.end(())
        self._recording.close()
        if self._loading is not None:
            self._loading.cancel()
        if self._summary:
            # Freeing memory halts all threads that allocate, so it waits until the text is sent.
            self._worker.request_cleanup()

    def _transcription(self, segments: Sequence[TranscriptSegment]) -> Transcription:
        if segments:
            return join_segments(segments)
        return Transcription("", self._context.request.language)

    async def _transcribe_rest(self) -> AsyncGenerator[TranscriptSegment, None]:
        self._recording.flush()
        if not self._recording.samples:
            return
        if self._segmenter is None:
            self._segmenter = await self._worker.run(_new_segmenter)
        segmenter = self._segmenter
        await self._segment(segmenter)
        segmenter.finish()
        self._early.end(segmenter.spans)
        texts: list[Transcription] = []
        for number, span in enumerate(segmenter.spans):
            self._submit_final(segmenter.spans[number:], texts)
            texts.append(await self._jobs.handle(span).wait())
            self._drop_audio(segmenter)
            yield segment_of(span, texts[-1])

    async def _advance(self) -> None:
        if self._recording.samples < self._next_search:
            return
        step = self._partials.speakers.step(self._partials)
        self._next_search = (self._recording.samples // step + 1) * step
        if self._segmenter is None:
            self._segmenter = self._try_new_segmenter()
        if self._segmenter is not None:
            await self._segment(self._segmenter)
            self._early.advance(self._segmenter, live=self._ahead_s < MAX_AHEAD_S)
            self._drop_audio(self._segmenter)

    @property
    def _ahead_s(self) -> float:
        """How far the audio is ahead of real time; live audio is not."""
        return self._recording.seconds - (time.monotonic() - self._began_at)

    def _drop_audio(self, segmenter: Segmenter) -> None:
        """Free silence, and speech whose text is there."""
        needed = self._jobs.first_sample_needed(segmenter.spans, segmenter.needed_from)
        self._recording.drop_before(min(needed, self._segmented))

    def _try_new_segmenter(self) -> Segmenter | None:
        engine = self._worker.engine
        if engine is not None:
            return engine.new_segmenter()
        if self._loading is None and self._worker.can_accept(Priority.SPECULATIVE):
            # Loading while the user speaks saves the wait afterwards.
            self._loading = self._worker.submit(None, _load, Priority.SPECULATIVE)
        return None

    async def _segment(self, segmenter: Segmenter) -> None:
        step = SLICE_MS * SAMPLE_RATE // 1000
        while self._segmented < self._recording.samples:
            end = min(self._segmented + step, self._recording.samples)
            segmenter.push(self._recording.excerpt(self._segmented, end).samples())
            self._segmented = end
            if end < self._recording.samples:
                await self._turns.wait()

    def _submit_final(self, spans: Sequence[SpeechSpan], texts: Sequence[Transcription]) -> None:
        """Submit the next span, and later ones as soon as their language is known."""
        language = texts[0].language if texts else None
        known = bool(texts) or self._context.request.language is not None
        self._jobs.finish(spans if known else spans[:1], language)
