"""Transcription of speech before the audio ends: in its pauses, and to partial text."""

from __future__ import annotations

from collections.abc import Sequence

from wyoming_voice_stack.asr.engine import Segmenter, SpeechRecognizer, SpeechSpan, Transcription
from wyoming_voice_stack.asr.partial_jobs import PartialJobs
from wyoming_voice_stack.asr.segments import join_segments
from wyoming_voice_stack.asr.span_jobs import SpanJobs
from wyoming_voice_stack.engine.job_handle import JobHandle
from wyoming_voice_stack.engine.queue import Priority
from wyoming_voice_stack.engine.worker import Worker


class EarlyTranscription:
    """Submits the speech of one utterance as soon as it may be complete, and cancels what was not."""

    def __init__(
        self,
        worker: Worker[SpeechRecognizer],
        jobs: SpanJobs,
        partials: PartialJobs,
        *,
        language: str | None,
        partial_text: bool,
    ) -> None:
        """`language` is the requested one; `partial_text` also transcribes speech that goes on."""
        self._worker = worker
        self._jobs = jobs
        self._partials = partials
        self._language = language
        self._wants_partial_text = partial_text

    def advance(self, segmenter: Segmenter, *, live: bool) -> None:
        """Submit what can be transcribed now; in audio that is not `live`, only what is final."""
        spans = segmenter.spans
        speaking = bool(spans) and live and not segmenter.paused
        self._partials.note_speaking(speaking=speaking)
        queued = self._worker.queued_jobs > 0
        ended = self._partials.speakers.pause_suffices(segmenter, queued=queued)
        settled = spans if live and ended else spans[:-1]
        self._keep((*settled, *spans[-1:]) if segmenter.paused else settled)
        for number, span in enumerate(settled):
            if span not in self._jobs and self._language_is_known(spans, number):
                self._speculate_on(span, self._first_language(spans))
        if speaking and self._wants_partial_text:
            self._submit_partial(spans[-1], self._first_language(spans))

    def newest_text(self, spans: Sequence[SpeechSpan]) -> Transcription | None:
        """Return the newest text of all speech so far, once; None if there is nothing new."""
        if not spans:
            return None
        *closed, last = spans
        newest = self._partials.take() or self._take_speculative(last)
        complete = [self._jobs.result(span) for span in closed]
        if newest is None or None in complete:
            return None
        return join_segments([text for text in complete if text] + [newest])

    def end(self, spans: Sequence[SpeechSpan]) -> None:
        """Keep only the jobs of these spans: the audio is complete, or the utterance is closed."""
        self._keep(spans)
        self._partials.close()

    def _keep(self, spans: Sequence[SpeechSpan]) -> None:
        """Cancel the jobs of all other spans: speech has resumed after them."""
        self._jobs.keep(spans, self._adopt)

    def _adopt(self, handle: JobHandle[Transcription], span: SpeechSpan) -> bool:
        return self._wants_partial_text and self._partials.adopt(handle, span)

    def _speculate_on(self, span: SpeechSpan, language: str | None) -> None:
        if self._worker.can_accept(Priority.SPECULATIVE):
            self._partials.drop()
            self._jobs.speculate(span, language)

    def _language_is_known(self, spans: Sequence[SpeechSpan], number: int) -> bool:
        """The first span's language applies to all spans; the others wait until it is known."""
        if number == 0 or self._language is not None:
            return True
        return self._jobs.result(spans[0]) is not None

    def _first_language(self, spans: Sequence[SpeechSpan]) -> str | None:
        first = self._jobs.result(spans[0]) if len(spans) > 1 else None
        return first.language if first else None

    def _take_speculative(self, span: SpeechSpan) -> Transcription | None:
        text = self._jobs.result(span)
        return text if text is not None and self._partials.is_newer(span) else None

    def _submit_partial(self, span: SpeechSpan, language: str | None) -> None:
        if self._partials.due(span) and self._worker.can_accept(Priority.PARTIAL):
            self._partials.track(self._jobs.partial(span, language), span)
