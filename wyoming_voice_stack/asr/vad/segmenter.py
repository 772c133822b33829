"""Finding the speech in an audio stream while it arrives.

The segmenter does not look ahead: its result for the audio so far is the same as if the audio ended
there. So a text that is made in a pause is the final text, unless speech resumes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples, SpeechSpan
from wyoming_voice_stack.asr.vad.silero import WINDOW_MS, SileroVad, StreamingVad
from wyoming_voice_stack.asr.vad.silero_network import WINDOW_SAMPLES, Probabilities

SPEECH_STARTS = 0.5
"""Probability from which a window is speech."""
CERTAIN_SPEECH_STARTS = 0.65
"""The same for recognizers that do not say whether they hear speech at all, as Whisper does. Mains hum
reaches 0.61; none of 523 recorded words and sentences, single letters among them, stays below."""
SPEECH_LASTS = 0.35
"""Probability from which the windows next to it belong to the same speech."""
MIN_SPEECH_MS = 96
"""Shorter sounds are clicks; even words of one letter are longer."""
LEAD_MS = 500
"""Audio kept before speech. The network detects soft consonants late: by up to 0.4 s in 1 % of recorded
words."""
TAIL_MS = 96
"""Audio kept after speech; with 100, 200, 300 or 500 ms the words were the same. Also the length of a
pause after which the speech is transcribed speculatively."""

LEAD_IN_MS = 200
"""Silence added before a recording that starts with speech; without it, the first word can get lost."""

MAX_SPAN_S = 29.0
"""Longer speech is split at its pauses: a sentence across two Whisper windows can get lost."""
CUT_SMOOTHING_MS = 500
"""Pause length that is preferred for splitting long speech."""

_LEAD = math.ceil(LEAD_MS / WINDOW_MS)
_TAIL = math.ceil(TAIL_MS / WINDOW_MS)
_MIN_SPEECH = math.ceil(MIN_SPEECH_MS / WINDOW_MS)
_SMOOTHING = CUT_SMOOTHING_MS // WINDOW_MS


@dataclass
class _Segment:
    """Consecutive windows of speech."""

    start: int
    stop: int


@dataclass
class _OpenSpan:
    """The span that is still growing."""

    start: int
    segments: list[_Segment] = field(default_factory=list)


class SpeechSegmenter:
    """Finds the speech spans of one stream. Blocking; the caller keeps the samples."""

    def __init__(
        self,
        stream: StreamingVad,
        max_span_s: float = MAX_SPAN_S,
        *,
        speech_starts: float = SPEECH_STARTS,
    ) -> None:
        """`speech_starts` is the probability from which a window is speech."""
        self._stream = stream
        self._speech_starts = speech_starts
        self._max_windows = int(max_span_s * 1000 / WINDOW_MS)
        self._samples = 0
        self._windows = 0
        self._speech_stop = 0
        self._run: _Segment | None = None
        self._run_is_speech = False
        self._open = _OpenSpan(start=0)
        self._closed: list[SpeechSpan] = []
        # Of the windows since the start of the open span; the split is chosen by them.
        self._probabilities: list[float] = []
        self._spans: tuple[SpeechSpan, ...] | None = None
        """The result of `spans` since the last window."""

    def push(self, samples: Samples) -> None:
        """Process the next samples; the chunk size does not affect the result."""
        self._samples += len(samples)
        self._process(self._stream.push(samples))

    def finish(self) -> None:
        """Process the remaining samples as if silence followed. Ends the stream."""
        self._process(self._stream.finish())

    @property
    def spans(self) -> tuple[SpeechSpan, ...]:
        """Speech so far, in spans of `MAX_SPAN_S` at most; empty if there was none.

        All but the last are final. The last one is final when `paused`, unless speech resumes.
        """
        if self._spans is None:
            opened = [self._span(self._open, self._windows)] if self._open.segments else []
            self._spans = (*self._closed, *opened)
        return self._spans

    @property
    def paused(self) -> bool:
        """True when speech was followed by a pause of `TAIL_MS`."""
        return bool(self._speech_stop) and self._windows - self._speech_stop >= _TAIL

    @property
    def needed_from(self) -> int:
        """First sample that the last span, or a later one, can contain."""
        return self._open.start * WINDOW_SAMPLES

    @property
    def silence_ms(self) -> int:
        """Time since the last speech, or since the start if there was none."""
        return (self._windows - self._speech_stop) * WINDOW_MS

    def _process(self, probabilities: Probabilities) -> None:
        for probability in probabilities:
            self._spans = None
            self._probabilities.append(float(probability))
            self._windows += 1
            self._extend(float(probability))
            while self._is_too_long():
                self._split()
            self._trim()

    def _extend(self, probability: float) -> None:
        if not probability >= SPEECH_LASTS:
            self._run, self._run_is_speech = None, False
            return
        if self._run is None:
            self._run = _Segment(self._windows - 1, self._windows)
        self._run.stop = self._windows
        self._run_is_speech = self._run_is_speech or probability >= self._speech_starts
        if self._run_is_speech and self._run.stop - self._run.start >= _MIN_SPEECH:
            self._speech_stop = self._run.stop
            segments = self._open.segments
            if not segments or segments[-1] is not self._run:
                segments.append(self._run)

    def _trim(self) -> None:
        """Drop silence and rejected sounds that no span can reach any more."""
        if self._run is not None and not self._run_is_speech:
            self._run.start = max(self._run.start, self._windows - self._max_windows)
        kept_from = (self._run.start if self._run else self._windows) - _LEAD
        if self._open.segments:
            if kept_from < self._open.start + self._max_windows + _TAIL:
                return
            # Later speech is too far away to join this span.
            self._closed.append(self._span(self._open, self._windows))
        start = max(self._open.start, kept_from)
        del self._probabilities[: start - self._open.start]
        self._open = _OpenSpan(start)

    def _is_too_long(self) -> bool:
        segments = self._open.segments
        return bool(segments) and segments[-1].stop - self._open.start > self._max_windows

    def _split(self) -> None:
        earliest = self._max_windows // 2
        speech = np.convolve(
            self._probabilities[: self._max_windows],
            np.full(_SMOOTHING, 1 / _SMOOTHING),
            mode="same",
        )
        # Near the end, the smoothing window holds too little to find a pause.
        latest = self._max_windows - _SMOOTHING
        cut = self._open.start + earliest + int(np.argmin(speech[earliest:latest]))
        before = [part for part in self._open.segments if part.start < cut]
        after = [part for part in self._open.segments if part.stop > cut]
        self._closed += [self._span(_OpenSpan(self._open.start, before), cut)] if before else []
        del self._probabilities[: cut - self._open.start]
        self._open = _OpenSpan(cut, after)

    def _span(self, open_span: _OpenSpan, end: int) -> SpeechSpan:
        start = max(open_span.start, open_span.segments[0].start - _LEAD)
        stop = min(end, open_span.segments[-1].stop + _TAIL)
        return SpeechSpan(start * WINDOW_SAMPLES, min(stop * WINDOW_SAMPLES, self._samples))


def speech_spans(
    samples: Samples, vad: SileroVad, max_span_s: float = MAX_SPAN_S
) -> tuple[SpeechSpan, ...]:
    """Return the speech spans of a whole recording."""
    segmenter = SpeechSegmenter(vad.stream(), max_span_s)
    segmenter.push(samples)
    segmenter.finish()
    return segmenter.spans


def cut_out(samples: Samples, span: SpeechSpan) -> Samples:
    """Copy a span for Whisper; see `with_lead_in`."""
    return with_lead_in(samples[span.start : span.stop], span)


def with_lead_in(samples: Samples, span: SpeechSpan) -> Samples:
    """Add `LEAD_IN_MS` of silence before the samples of a span at the start of a recording."""
    return np.pad(samples, (lead_in_samples(span), 0))


def lead_in_samples(span: SpeechSpan) -> int:
    """Return the number of samples that `with_lead_in` adds before a span."""
    return LEAD_IN_MS * SAMPLE_RATE // 1000 if span.start == 0 else 0
