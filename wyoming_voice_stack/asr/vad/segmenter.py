"""Where somebody speaks, known as the sound comes in.

The follower never looks ahead: what it says of the sound so far is what it would say if the sound
ended there. So a text that was made in a pause is the text of the whole, if nobody speaks on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples, SpeechSpan
from wyoming_voice_stack.asr.vad.silero import WINDOW_MS, SileroVad, StreamingVad
from wyoming_voice_stack.asr.vad.silero_network import WINDOW_SAMPLES, Probabilities

SPEECH_STARTS = 0.5
"""A window at least this probable proves that somebody speaks."""
SPEECH_LASTS = 0.35
"""Around such a window, speech reaches as far as windows are at least this probable."""
MIN_SPEECH_MS = 96
"""What is shorter is a click; the shortest words of one letter are longer."""
LEAD_MS = 500
"""What is kept before speech. The network notices soft consonants late: up to 0.4 s at 1 % of recorded words."""
TAIL_MS = 96
"""What is kept after speech; with 100, 200, 300 or 500 ms the words were the same. So long must a
pause be before the speech is transcribed on speculation."""

LEAD_IN_MS = 200
"""Silence before a recording that begins with speech; without, the first word can get lost."""

MAX_SPAN_S = 29.0
"""Longer speech is cut in its pauses: a sentence that lies across two windows of Whisper can get
lost."""
CUT_SMOOTHING_MS = 500
"""How long a pause should be in which long speech is cut."""

_LEAD = math.ceil(LEAD_MS / WINDOW_MS)
_TAIL = math.ceil(TAIL_MS / WINDOW_MS)
_MIN_SPEECH = math.ceil(MIN_SPEECH_MS / WINDOW_MS)
_SMOOTHING = CUT_SMOOTHING_MS // WINDOW_MS


@dataclass
class _Segment:
    """Windows in which speech lasts."""

    start: int
    stop: int


@dataclass
class _Piece:
    """Speech between two cuts."""

    start: int
    segments: list[_Segment] = field(default_factory=list)


class SpeechSegmenter:
    """Follows one stream from its beginning. Plain; the caller keeps the samples."""

    def __init__(self, stream: StreamingVad, max_span_s: float = MAX_SPAN_S) -> None:
        self._stream = stream
        self._longest = int(max_span_s * 1000 / WINDOW_MS)
        self._samples = 0
        self._windows = 0
        self._spoken_until = 0
        self._run: _Segment | None = None
        self._run_is_speech = False
        self._piece = _Piece(start=0)
        self._closed: list[SpeechSpan] = []
        # Of the windows since the open piece's start; a pause to cut in is looked for there.
        self._probabilities: list[float] = []

    def push(self, samples: Samples) -> None:
        """Follow on; pieces of any size give the same result."""
        self._samples += len(samples)
        self._judge(self._stream.push(samples))

    def finish(self) -> None:
        """Judge what is left as if silence followed. Nothing is pushed any more."""
        self._judge(self._stream.finish())

    @property
    def spans(self) -> tuple[SpeechSpan, ...]:
        """The speech so far, in spans of `MAX_SPAN_S` at most; empty when nobody spoke.

        All but the last one are final. The last one is so when `paused`, until somebody speaks on.
        """
        if not self._piece.segments:
            return tuple(self._closed)
        return (*self._closed, self._span(self._piece, self._windows))

    @property
    def paused(self) -> bool:
        """True when somebody has spoken, and the tail of it is all there."""
        return bool(self._spoken_until) and self._windows - self._spoken_until >= _TAIL

    @property
    def silence_ms(self) -> int:
        """How long nobody has spoken, from the last speech or from the beginning."""
        return (self._windows - self._spoken_until) * WINDOW_MS

    def _judge(self, probabilities: Probabilities) -> None:
        for probability in probabilities:
            self._probabilities.append(float(probability))
            self._windows += 1
            self._follow(float(probability))
            while self._too_long():
                self._cut()
            self._forget()

    def _follow(self, probability: float) -> None:
        if not probability >= SPEECH_LASTS:
            self._run, self._run_is_speech = None, False
            return
        if self._run is None:
            self._run = _Segment(self._windows - 1, self._windows)
        self._run.stop = self._windows
        self._run_is_speech = self._run_is_speech or probability >= SPEECH_STARTS
        if self._run_is_speech and self._run.stop - self._run.start >= _MIN_SPEECH:
            self._spoken_until = self._run.stop
            segments = self._piece.segments
            if not segments or segments[-1] is not self._run:
                segments.append(self._run)

    def _forget(self) -> None:
        """Keep of silence and of what proves to be no speech only what a span can still reach."""
        if self._run is not None and not self._run_is_speech:
            self._run.start = max(self._run.start, self._windows - self._longest)
        heard_from = (self._run.start if self._run else self._windows) - _LEAD
        if self._piece.segments:
            if heard_from < self._piece.start + self._longest + _TAIL:
                return
            # Whoever speaks on is too late for this piece.
            self._closed.append(self._span(self._piece, self._windows))
        start = max(self._piece.start, heard_from)
        del self._probabilities[: start - self._piece.start]
        self._piece = _Piece(start)

    def _too_long(self) -> bool:
        segments = self._piece.segments
        return bool(segments) and segments[-1].stop - self._piece.start > self._longest

    def _cut(self) -> None:
        earliest = self._longest // 2
        speech = np.convolve(
            self._probabilities[: self._longest], np.full(_SMOOTHING, 1 / _SMOOTHING), mode="same"
        )
        # Towards its end, smoothing sees too little to tell a pause.
        latest = self._longest - _SMOOTHING
        cut = self._piece.start + earliest + int(np.argmin(speech[earliest:latest]))
        before = [part for part in self._piece.segments if part.start < cut]
        after = [part for part in self._piece.segments if part.stop > cut]
        self._closed += [self._span(_Piece(self._piece.start, before), cut)] if before else []
        del self._probabilities[: cut - self._piece.start]
        self._piece = _Piece(cut, after)

    def _span(self, piece: _Piece, end: int) -> SpeechSpan:
        start = max(piece.start, piece.segments[0].start - _LEAD)
        stop = min(end, piece.segments[-1].stop + _TAIL)
        return SpeechSpan(start * WINDOW_SAMPLES, min(stop * WINDOW_SAMPLES, self._samples))


def speech_spans(
    samples: Samples, vad: SileroVad, max_span_s: float = MAX_SPAN_S
) -> tuple[SpeechSpan, ...]:
    """Find the speech in a whole recording, as a follower of it does."""
    follower = SpeechSegmenter(vad.stream(), max_span_s)
    follower.push(samples)
    follower.finish()
    return follower.spans


def cut_out(samples: Samples, span: SpeechSpan) -> Samples:
    """Copy a span for Whisper, with `LEAD_IN_MS` of silence where a recording begins with speech."""
    lead_in = LEAD_IN_MS * SAMPLE_RATE // 1000 if span.start == 0 else 0
    return np.pad(samples[span.start : span.stop], (lead_in, 0))
