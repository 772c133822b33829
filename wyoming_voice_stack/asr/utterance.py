"""One utterance: the sound that has come so far, and the texts that were asked for in advance.

While sound comes in, its speech is followed. In each pause the speech so far is transcribed on
speculation, as it would be if the sound ended there; when it does end there, the text is
waiting. Long speech is transcribed piece by piece. Only when nothing else is to be done, drafts
are made of what is still being spoken.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from wyoming_voice_stack.asr.engine import (
    SAMPLE_RATE,
    Segmenter,
    Speech,
    SpeechRecognizer,
    SpeechSpan,
    Transcription,
    TranscriptionRequest,
)
from wyoming_voice_stack.asr.recording import Recording
from wyoming_voice_stack.asr.text.joining import join_texts
from wyoming_voice_stack.asr.vad.endpoint import Endpoint
from wyoming_voice_stack.asr.vad.segmenter import cut_out
from wyoming_voice_stack.engine.job_handle import JobHandle, Wanted
from wyoming_voice_stack.engine.queue import Priority
from wyoming_voice_stack.engine.worker import Worker

FOLLOW_AT_ONCE_S = 4.0
"""Sound that is followed before others get their turn on the event loop."""
MAX_AHEAD_S = 0.5
"""Sound that comes faster than this is a file: nobody pauses in it, so nothing is guessed."""
DRAFT_EVERY_S = 1.5
"""New sound before the next draft."""
MIN_DRAFT_REST = 4.0
"""Drafts rest this many times as long as the last one took: a slow model makes fewer."""


@dataclass(frozen=True)
class TranscriptionContext:
    """How one request is heard: by which engine, what it is told, and who ends it."""

    worker: Worker[SpeechRecognizer]
    request: TranscriptionRequest
    endpoint: Endpoint | None = None
    drafts: bool = False


def transcribe(
    engine: SpeechRecognizer, speeches: Sequence[Speech], wanted: Wanted
) -> list[Transcription]:
    """Call the engine; jobs that name this function share a call."""
    return engine.transcribe(speeches, wanted)


def _follow(engine: SpeechRecognizer) -> Segmenter:
    return engine.follow()


def _load(engine: SpeechRecognizer, items: Sequence[None], wanted: Wanted) -> Sequence[None]:
    del engine, wanted
    return items


class Utterance:
    """Grows with each chunk; `finish` gives its text. `close` drops what was asked for."""

    def __init__(self, hearing: TranscriptionContext, max_samples: int) -> None:
        self._hearing = hearing
        self._worker = hearing.worker
        self.recording = Recording(max_samples)
        self._follower: Segmenter | None = None
        self._followed = 0
        self._began_at = time.monotonic()
        self._texts: dict[SpeechSpan, JobHandle[Transcription]] = {}
        self._drafts = _PartialJobs()
        self._loading: JobHandle[None] | None = None
        self.guesses = 0

    async def follow(self) -> None:
        """Follow the sound that has come, and have transcribed what a pause has made whole."""
        if self._follower is None:
            self._follower = self._begin_to_follow()
        if self._follower is None:
            return
        await self._catch_up(self._follower)
        self._speculate(self._follower)

    @property
    def over(self) -> bool:
        """True when the server takes it that the speaker has ended."""
        endpoint, follower = self._hearing.endpoint, self._follower
        if endpoint is None or follower is None:
            return False
        return endpoint.reached(follower, self.recording.samples)

    def new_text(self) -> Transcription | None:
        """Give the newest text of all speech so far, once, if there is one."""
        follower = self._follower
        if follower is None or not follower.spans:
            return None
        *closed, last = follower.spans
        newest = self._drafts.take() or self._take_guess(last)
        whole = [self._done(span) for span in closed]
        if newest is None or None in whole:
            return None
        return _join([text for text in whole if text] + [newest])

    async def finish(self) -> Transcription:
        """Transcribe what is not transcribed yet; nothing is added any more.

        Raises:
            VoiceStackError: the engine cannot be had, or failed.
        """
        self.recording.flush()
        if not self.recording.samples:
            return Transcription("", self._hearing.request.language)
        follower = self._follower
        if follower is None:
            follower = await self._worker.run(_follow)
        await self._catch_up(follower)
        follower.finish()
        self._keep(follower.spans)
        self._drafts.drop()
        texts: list[Transcription] = []
        for number, span in enumerate(follower.spans):
            self._ask_for_rest(follower.spans[number:], texts)
            texts.append(await self._texts[span].wait())
        return _join(texts) if texts else Transcription("", self._hearing.request.language)

    def close(self) -> None:
        """Want nothing of it any more."""
        self._keep(())
        self._drafts.drop()
        if self._loading is not None:
            self._loading.drop()

    def rest(self) -> None:
        """Its text has been sent: what the engine needed for it may be given back."""
        self._worker.tidy_up_soon()

    def _begin_to_follow(self) -> Segmenter | None:
        engine = self._worker.engine
        if engine is not None:
            return engine.follow()
        if self._loading is None and self._worker.can_accept(Priority.SPECULATIVE):
            # Whoever speaks to a model that is not loaded should not wait for it afterwards.
            self._loading = self._worker.submit(None, _load, Priority.SPECULATIVE)
        return None

    async def _catch_up(self, follower: Segmenter) -> None:
        step = int(FOLLOW_AT_ONCE_S * SAMPLE_RATE)
        while self._followed < self.recording.samples:
            end = min(self._followed + step, self.recording.samples)
            follower.push(self.recording.part(self._followed, end))
            self._followed = end
            if end < self.recording.samples:
                await asyncio.sleep(0)

    def _speculate(self, follower: Segmenter) -> None:
        spans = follower.spans
        live = self.recording.seconds - (time.monotonic() - self._began_at) < MAX_AHEAD_S
        settled = spans if follower.paused and live else spans[:-1]
        self._keep((*settled, *spans[-1:]) if follower.paused else settled)
        for number, span in enumerate(settled):
            if span not in self._texts and self._language_is_known(spans, number):
                self._ask_for(span, self._first_language(spans), Priority.SPECULATIVE)
        if spans and live and not follower.paused and self._hearing.drafts:
            self._draft(spans[-1], self._first_language(spans))

    def _keep(self, spans: Sequence[SpeechSpan]) -> None:
        """Drop the texts of all spans but these: somebody spoke on."""
        for span in [span for span in self._texts if span not in spans]:
            ticket = self._texts.pop(span)
            if not (self._hearing.drafts and self._drafts.adopt(ticket, span)):
                ticket.drop()

    def _ask_for(self, span: SpeechSpan, language: str | None, priority: Priority) -> None:
        if self._worker.can_accept(priority):
            self._drafts.drop()
            speech = self._speech(span, language)
            self._texts[span] = self._worker.submit(speech, transcribe, priority)
            self.guesses += priority is Priority.SPECULATIVE

    def _ask_for_rest(self, spans: Sequence[SpeechSpan], texts: Sequence[Transcription]) -> None:
        """Have the next span done, and those after it as soon as their language is known."""
        language = texts[0].language if texts else None
        known = bool(texts) or self._hearing.request.language is not None
        for span in spans if known else spans[:1]:
            ticket = self._texts.get(span)
            # What went wrong on speculation is done again, and its error told if it stays.
            if ticket is None or ticket.failed:
                self._ask_for(span, language, Priority.FINAL)

    def _language_is_known(self, spans: Sequence[SpeechSpan], number: int) -> bool:
        """The language of the first piece is that of all; until then the others must wait."""
        if number == 0 or self._hearing.request.language is not None:
            return True
        return self._done(spans[0]) is not None

    def _first_language(self, spans: Sequence[SpeechSpan]) -> str | None:
        first = self._done(spans[0]) if len(spans) > 1 else None
        return first.language if first else None

    def _speech(self, span: SpeechSpan, language: str | None, *, draft: bool = False) -> Speech:
        request = self._hearing.request
        return Speech(
            cut_out(self.recording.part(0, span.stop), span),
            replace(request, language=request.language or language, draft=draft),
        )

    def _done(self, span: SpeechSpan) -> Transcription | None:
        ticket = self._texts.get(span)
        return ticket.result() if ticket and ticket.done and not ticket.failed else None

    def _take_guess(self, span: SpeechSpan) -> Transcription | None:
        text = self._done(span)
        return text if text is not None and self._drafts.is_newer(span) else None

    def _draft(self, span: SpeechSpan, language: str | None) -> None:
        if self._drafts.due(span) and self._worker.can_accept(Priority.PARTIAL):
            speech = self._speech(span, language, draft=True)
            ticket = self._worker.submit(speech, transcribe, Priority.PARTIAL)
            self._drafts.expect(ticket, span)


class _PartialJobs:
    """Texts of speech that goes on; one at a time."""

    def __init__(self) -> None:
        self._ticket: JobHandle[Transcription] | None = None
        self._asked_at = 0.0
        self._rest_until = 0.0
        self._next_at = 0
        self._seen = 0

    def due(self, span: SpeechSpan) -> bool:
        """Whether enough new sound has come, and the last draft took little enough."""
        if self._ticket is not None or time.monotonic() < self._rest_until:
            return False
        self._next_at = self._next_at or span.start + int(DRAFT_EVERY_S * SAMPLE_RATE)
        return span.stop >= self._next_at

    def expect(self, ticket: JobHandle[Transcription], span: SpeechSpan) -> None:
        self._ticket = ticket
        self._asked_at = time.monotonic()
        self._next_at = span.stop + int(DRAFT_EVERY_S * SAMPLE_RATE)

    def adopt(self, ticket: JobHandle[Transcription], span: SpeechSpan) -> bool:
        """Make a draft of a guess that somebody spoke on after, if it is being worked on."""
        if self._ticket is not None or not ticket.started or ticket.done:
            return False
        self.expect(ticket, span)
        return True

    def take(self) -> Transcription | None:
        """Give the draft that was expected, once it is there."""
        ticket = self._ticket
        if ticket is None or not ticket.done:
            return None
        now = time.monotonic()
        self._rest_until = now + MIN_DRAFT_REST * (now - self._asked_at)
        self._ticket = None
        return None if ticket.failed else ticket.result()

    def is_newer(self, span: SpeechSpan) -> bool:
        """True once for each longer span."""
        newer = span.stop > self._seen
        self._seen = max(self._seen, span.stop)
        if newer:
            self._next_at = max(self._next_at, span.stop + int(DRAFT_EVERY_S * SAMPLE_RATE))
        return newer

    def drop(self) -> None:
        if self._ticket is not None:
            self._ticket.drop()
            self._ticket = None


def _join(texts: Sequence[Transcription]) -> Transcription:
    """One text of several pieces; its language is that of the first in which somebody spoke."""
    spoken = [text for text in texts if text.text]
    language = (spoken or texts)[0].language
    return Transcription(join_texts([text.text for text in texts], language), language)
