"""The output level of Piper voices, for sentences that are sent before their peak is known.

Piper itself scales each sentence to a peak of 1. The louder sentences of a speaker have similar peaks,
so those already synthesized predict the gain of the next one.
"""

from __future__ import annotations

import threading

import numpy as np

from wyoming_voice_stack.tts.engine import Samples

FIRST_CHUNK_PEAK_RATIO = 0.8
"""Typical peak of a sentence's first chunk relative to the sentence's own (0.6 to 1)."""
DECAY = 0.2
"""How far the expected peak moves down to the peak of a quieter sentence."""
RAMP_SAMPLES = 256
"""Samples over which the gain goes down where a chunk would be too loud."""
_LOWEST_EXPECTED_PEAK = 0.2
"""No sentence of a Piper voice is expected to peak lower: those of en_US-joe reach 0.41 to 0.81."""
_SILENT_PEAK = 0.01
"""Anything quieter counts as silence, so that noise is not amplified to the level of speech."""


class SpeakerLevel:
    """The peak that is expected of each speaker of a voice. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._expected: dict[int, float] = {}

    def start_sentence(self, speaker: int) -> SentenceLevel:
        """Begin a sentence."""
        with self._lock:
            return SentenceLevel(self, speaker, self._expected.get(speaker))

    def update(self, speaker: int, peak: float) -> None:
        """Take a sentence's peak into account; a louder one counts in full."""
        with self._lock:
            expected = self._expected.get(speaker, peak)
            softer = (1.0 - DECAY) * expected + DECAY * peak
            self._expected[speaker] = max(peak, softer)


class SentenceLevel:
    """Scales the chunks of one sentence, in order."""

    def __init__(self, voice: SpeakerLevel, speaker: int, expected: float | None) -> None:
        self._voice = voice
        self._speaker = speaker
        self._expected = expected
        self._gain: float | None = None
        self._peak = 0.0

    def scale(self, chunk: Samples, *, last: bool) -> Samples:
        """A chunk with the sentence's gain, within -1..1."""
        peak = float(np.abs(chunk).max(initial=0.0))
        self._peak = max(self._peak, peak)
        gain_before, self._gain = self._gain, self._gain_for(peak, last=last)
        if last and self._peak > _SILENT_PEAK:
            self._voice.update(self._speaker, self._peak)
        gains = np.full(len(chunk), self._gain, np.float32)
        if gain_before is not None and self._gain < gain_before:
            ramp = gains[:RAMP_SAMPLES]
            ramp[:] = np.linspace(gain_before, self._gain, len(ramp))
        scaled: Samples = np.clip(chunk * gains, -1.0, 1.0)
        return scaled

    def _gain_for(self, peak: float, *, last: bool) -> float:
        if self._gain is not None:
            return min(self._gain, 1.0 / max(peak, _SILENT_PEAK))
        expected = self._expected
        if expected is None:
            # A first chunk may contain little more than breath.
            expected = peak if last else max(peak / FIRST_CHUNK_PEAK_RATIO, _LOWEST_EXPECTED_PEAK)
        return 1.0 / max(expected, peak, _SILENT_PEAK)
