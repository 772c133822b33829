"""Partial transcriptions: which job makes the next one, and when it may start."""

from __future__ import annotations

import time

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, SpeechSpan, Transcription
from wyoming_voice_stack.engine.job_handle import JobHandle

PARTIAL_INTERVAL_S = 1.5
"""New audio before the next partial transcription."""
PARTIAL_COOLDOWN = 4.0
"""Pause after a partial transcription, as a multiple of the time it took: slow models make fewer."""

_INTERVAL = int(PARTIAL_INTERVAL_S * SAMPLE_RATE)


class PartialJobs:
    """Keeps track of the job that transcribes speech which is not over yet; one job at a time."""

    def __init__(self) -> None:
        self._handle: JobHandle[Transcription] | None = None
        self._submitted_at = 0.0
        self._cooldown_until = 0.0
        self._next_stop = 0
        self._latest_stop = 0

    def due(self, span: SpeechSpan) -> bool:
        """True when enough new audio has arrived and the cooldown is over."""
        if self._handle is not None or time.monotonic() < self._cooldown_until:
            return False
        self._next_stop = self._next_stop or span.start + _INTERVAL
        return span.stop >= self._next_stop

    def track(self, handle: JobHandle[Transcription], span: SpeechSpan) -> None:
        """Use the result of this job as the next partial transcription."""
        self._handle = handle
        self._submitted_at = time.monotonic()
        self._next_stop = span.stop + _INTERVAL

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
        now = time.monotonic()
        self._cooldown_until = now + PARTIAL_COOLDOWN * (now - self._submitted_at)
        self._handle = None
        return None if handle.failed else handle.result()

    def is_newer(self, span: SpeechSpan) -> bool:
        """True once for each span that ends later than all before it."""
        newer = span.stop > self._latest_stop
        self._latest_stop = max(self._latest_stop, span.stop)
        if newer:
            self._next_stop = max(self._next_stop, span.stop + _INTERVAL)
        return newer

    def drop(self) -> None:
        """Cancel the tracked job."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
