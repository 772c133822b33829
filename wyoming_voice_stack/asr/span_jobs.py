"""The jobs that transcribe one utterance's spans of speech."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from wyoming_voice_stack.asr.engine import (
    SAMPLE_RATE,
    Speech,
    SpeechRecognizer,
    SpeechSpan,
    Transcription,
    TranscriptionRequest,
)
from wyoming_voice_stack.asr.recorded_audio import AudioExcerpt
from wyoming_voice_stack.asr.recording import Recording
from wyoming_voice_stack.asr.vad.segmenter import lead_in_samples, with_lead_in
from wyoming_voice_stack.engine.job_handle import JobHandle, Wanted
from wyoming_voice_stack.engine.queue import Priority
from wyoming_voice_stack.engine.queueing.fair_order import Flow
from wyoming_voice_stack.engine.queueing.job import JobCost
from wyoming_voice_stack.engine.worker import Worker

CALL_COST_S = 2.0
"""What each call costs besides its audio, as seconds of audio."""
CALL_LIMIT_S = 120.0
"""Time after which a call of the engine counts as stuck, whatever its audio."""
CALL_LIMIT_PER_SECOND = 20.0
"""Time that each second of audio adds to the limit. Slow machines need 3 s for it."""
MAX_PENDING_SPANS = 16
"""Spans of one utterance that are queued at a time: a full batch on a graphics card."""


@dataclass(frozen=True)
class PendingSpeech:
    """A span of a recording, and how to transcribe it. Its samples are copied when the job runs."""

    excerpt: AudioExcerpt
    span: SpeechSpan
    request: TranscriptionRequest

    def speech(self) -> Speech:
        """Return the span as engines take it."""
        return Speech(with_lead_in(self.excerpt.samples(), self.span), self.request)

    @property
    def seconds(self) -> float:
        """Duration of the samples of `speech`."""
        return (self.span.stop - self.span.start + lead_in_samples(self.span)) / SAMPLE_RATE

    @property
    def cost(self) -> JobCost:
        """What the engine needs for the span."""
        seconds = (self.span.stop - self.span.start) / SAMPLE_RATE
        return JobCost(
            seconds=CALL_COST_S + seconds, limit_s=CALL_LIMIT_S + CALL_LIMIT_PER_SECOND * seconds
        )


def transcribe(
    engine: SpeechRecognizer, pending: Sequence[PendingSpeech], wanted: Wanted
) -> Iterator[tuple[int, Transcription]]:
    """Call the engine; jobs that name this function can share a call."""
    return engine.transcribe([each.speech() for each in pending], wanted)


class SpanJobs:
    """Submits spans of one recording to the engine, and keeps the results."""

    def __init__(
        self, worker: Worker[SpeechRecognizer], request: TranscriptionRequest, recording: Recording
    ) -> None:
        self._worker = worker
        self._request = request
        self._recording = recording
        self._flow = Flow()
        self._handles: dict[SpeechSpan, JobHandle[Transcription]] = {}
        self._admitted = False
        self.speculative = 0
        """Speculative jobs so far."""

    def __contains__(self, span: SpeechSpan) -> bool:
        return span in self._handles

    def handle(self, span: SpeechSpan) -> JobHandle[Transcription]:
        """Return the job of a span."""
        return self._handles[span]

    def result(self, span: SpeechSpan) -> Transcription | None:
        """Return the text of a span; None if there is none yet, or its job failed."""
        handle = self._handles.get(span)
        return handle.result() if handle and handle.done and not handle.failed else None

    def speculate(self, span: SpeechSpan, language: str | None) -> None:
        """Submit a span that will probably be needed."""
        self._handles[span] = self._submit(span, language, Priority.SPECULATIVE)
        self.speculative += 1

    def partial(self, span: SpeechSpan, language: str | None) -> JobHandle[Transcription]:
        """Submit a span that is not over yet; the caller keeps its job."""
        return self._submit(span, language, Priority.PARTIAL)

    def finish(self, spans: Sequence[SpeechSpan], language: str | None) -> None:
        """Submit the first spans of those that have no text yet.

        Raises:
            Busy: the wait would be too long; only before the first of an utterance is accepted.
        """
        for span in spans[:MAX_PENDING_SPANS]:
            handle = self._handles.get(span)
            # A speculative job that failed is repeated; only a repeated failure is reported.
            if handle is None or handle.failed:
                self._handles[span] = self._submit(
                    span, language, Priority.FINAL, admitted=self._admitted
                )
            self._admitted = True

    def keep(
        self,
        spans: Sequence[SpeechSpan],
        adopt: Callable[[JobHandle[Transcription], SpeechSpan], bool],
    ) -> None:
        """Cancel the jobs of all other spans, except those that `adopt` takes over."""
        for span in [span for span in self._handles if span not in spans]:
            handle = self._handles.pop(span)
            if not adopt(handle, span):
                handle.cancel()

    def first_sample_needed(self, spans: Sequence[SpeechSpan], open_from: int) -> int:
        """Return the first sample that is not transcribed yet; `open_from` is that of open speech."""
        missing = (span.start for span in spans if self.result(span) is None)
        return min(open_from, next(missing, open_from))

    def _submit(
        self,
        span: SpeechSpan,
        language: str | None,
        priority: Priority,
        *,
        admitted: bool = False,
    ) -> JobHandle[Transcription]:
        request = replace(
            self._request,
            language=self._request.language or language,
            partial=priority is Priority.PARTIAL,
            word_times=self._request.word_times and priority is not Priority.PARTIAL,
        )
        pending = PendingSpeech(self._recording.excerpt(span.start, span.stop), span, request)
        engine = self._worker.engine
        return self._worker.submit(
            *(pending, transcribe, priority),
            cost=pending.cost,
            flow=self._flow,
            admitted=admitted,
            group=engine.batch_group(pending.seconds, request) if engine is not None else None,
        )
