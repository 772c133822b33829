"""Partial transcriptions: which job makes the next one, and how much a crowd is transcribed in advance."""

from __future__ import annotations

import time

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Segmenter, SpeechSpan, Transcription
from wyoming_voice_stack.engine.job_handle import JobHandle

PARTIAL_INTERVAL_S = 1.5
"""New audio before the next partial transcription, for each person who speaks at the time: those of all
take as much time as those of one."""
PARTIAL_COOLDOWN = 4.0
"""Pause after a partial transcription, as a multiple of the time it took: slow models make fewer."""
CROWD_COOLDOWN = 40.0
"""The same while `CROWD` others speak: then partial texts take time from final ones."""
CROWD = 3
"""Number of other people who speak at the time from which on a pause must be longer."""
CROWD_PAUSE_MS = 256
"""Pause in a crowd after which the speech is transcribed speculatively if no job waits. Of the pauses that turn out not to be
the end, one in four is as long."""

STEP_MS = 32
"""New audio in which speech is looked for at once: a window of the network that detects it."""
CROWD_STEP_MS = 128
"""The same while `CROWD` others speak. The network takes four windows in little more time than one, and a pause there counts from two
such steps."""

MAX_AUDIO_GAP_S = 2.0
"""Time without audio after which a person no longer counts as speaking: the satellite sends no more."""

_INTERVAL = int(PARTIAL_INTERVAL_S * SAMPLE_RATE)
_STEP = STEP_MS * SAMPLE_RATE // 1000
_CROWD_STEP = CROWD_STEP_MS * SAMPLE_RATE // 1000


class Speakers:
    """The people who speak at the same time: the more they are, the less is transcribed in advance."""

    def __init__(self) -> None:
        self._speaking: dict[PartialJobs, float] = {}
        """Those who speak, and when the last audio of each arrived."""
        self._cooling_since = 0.0
        self._took_s = 0.0

    def note(self, jobs: PartialJobs, *, speaking: bool) -> None:
        """Note whether the person of an utterance speaks now."""
        if speaking:
            self._speaking[jobs] = time.monotonic()
        else:
            self._speaking.pop(jobs, None)

    def pause_suffices(self, segmenter: Segmenter, *, queued: bool) -> bool:
        """Whether a pause is long enough to transcribe the speech before it.

        `queued` is true while jobs wait for the engine: a further one costs nothing if speech resumes
        before its turn.
        """
        hurry = queued or self._count() < CROWD
        return segmenter.paused and (hurry or segmenter.silence_ms >= CROWD_PAUSE_MS)

    def ready(self, jobs: PartialJobs) -> bool:
        """Return whether the cooldown after the last partial transcription is over for this person."""
        times = PARTIAL_COOLDOWN if self._count(but=jobs) < CROWD else CROWD_COOLDOWN
        return time.monotonic() >= self._cooling_since + times * self._took_s

    @property
    def interval(self) -> int:
        """Samples of new audio before the next partial transcription of an utterance."""
        return _INTERVAL * max(1, self._count())

    def step(self, jobs: PartialJobs) -> int:
        """Return the samples of this person's utterance in which speech is looked for at once."""
        return _STEP if self._count(but=jobs) < CROWD else _CROWD_STEP

    def cool_down(self, took_s: float) -> None:
        """Begin the cooldown after a partial transcription that took so long; it does not end a longer one."""
        now = time.monotonic()
        if now + PARTIAL_COOLDOWN * took_s >= self._cooling_since + PARTIAL_COOLDOWN * self._took_s:
            self._cooling_since, self._took_s = now, took_s

    def _count(self, *, but: PartialJobs | None = None) -> int:
        since = time.monotonic() - MAX_AUDIO_GAP_S
        return sum(last >= since for jobs, last in self._speaking.items() if jobs is not but)


class PartialJobs:
    """Keeps track of the job that transcribes speech which is not over yet; one job at a time."""

    def __init__(self, speakers: Speakers) -> None:
        """`speakers` is shared by all utterances of a server."""
        self.speakers = speakers
        self._handle: JobHandle[Transcription] | None = None
        self._submitted_at = 0.0
        self._newest_stop = 0
        """Where the audio of the newest partial transcription ends."""
        self._latest_stop = 0

    def note_speaking(self, *, speaking: bool) -> None:
        """Note whether the person speaks now."""
        self.speakers.note(self, speaking=speaking)

    def due(self, span: SpeechSpan) -> bool:
        """True when enough new audio has arrived and the cooldown is over."""
        if self._handle is not None or not self.speakers.ready(self):
            return False
        self._newest_stop = self._newest_stop or span.start
        return span.stop >= self._newest_stop + self.speakers.interval

    def track(self, handle: JobHandle[Transcription], span: SpeechSpan) -> None:
        """Use the result of this job as the next partial transcription."""
        self._handle = handle
        self._submitted_at = time.monotonic()
        self._newest_stop = span.stop

    def adopt(self, handle: JobHandle[Transcription], span: SpeechSpan) -> bool:
        """Track a running speculative job whose pause is over; False if it is not worth keeping."""
        if self._handle is not None or not handle.started or handle.done:
            return False
        self.track(handle, span)
        return True

    def take(self) -> Transcription | None:
        """Return the tracked job's result once it is done; None if there is none or it failed."""
        handle = self._handle
        if handle is None or not handle.done:
            return None
        self._handle = None
        self._cool_down()
        return None if handle.failed else handle.result()

    def is_newer(self, span: SpeechSpan) -> bool:
        """True once for each span that ends later than all before it."""
        newer = span.stop > self._latest_stop
        self._latest_stop = max(self._latest_stop, span.stop)
        if newer:
            self._newest_stop = max(self._newest_stop, span.stop)
        return newer

    def drop(self) -> None:
        """Cancel the tracked job."""
        if self._handle is not None:
            if self._handle.started:
                self._cool_down()
            self._handle.cancel()
            self._handle = None

    def close(self) -> None:
        """Cancel the tracked job: the utterance is over."""
        self.drop()
        self.note_speaking(speaking=False)

    def _cool_down(self) -> None:
        self.speakers.cool_down(time.monotonic() - self._submitted_at)
