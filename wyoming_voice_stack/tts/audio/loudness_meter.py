"""Measures the loudness of a sentence at its beginning."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wyoming_voice_stack.tts.audio.frames import FRAME_MS, SILENCE_POWER, Frame
from wyoming_voice_stack.tts.engine import Samples

MEASURED_MS = 1000
"""Length of the beginning that is measured. A whole Piper sentence is 1 dB softer than its first second,
with a deviation of 0.75 dB; half a second would predict it no better than to 1.4 dB."""
GATE_DB = 10.0
"""Frames this far below the mean of all frames are pauses and do not count, as in ITU-R BS.1770-4. Its
frequency weighting is left out: it makes little difference between sentences of the same voice."""

_GATE = 10 ** (-GATE_DB / 10)


@dataclass(frozen=True)
class Loudness:
    """The loudness of the beginning of a sentence."""

    level_db: float
    """Root mean square without pauses, in dBFS."""
    peak: float
    """Largest magnitude of a sample."""
    seconds: float
    """Length of the measured audio without pauses."""


class LoudnessMeter:
    """Measures one sentence; frames after the first `measured_ms` are ignored."""

    def __init__(self, measured_ms: float = MEASURED_MS) -> None:
        self._needed = measured_ms / FRAME_MS
        self._powers: list[float] = []
        self._sound: list[Samples] = []
        self._frames = 0

    @property
    def complete(self) -> bool:
        """True if no more frames are needed."""
        return self._frames >= self._needed

    def add(self, frame: Frame) -> None:
        """Measure the next frame."""
        if self.complete:
            return
        self._frames += 1
        if not frame.is_silent:
            self._powers.append(frame.power)
            self._sound.append(frame.samples)

    @property
    def loudness(self) -> Loudness | None:
        """The loudness measured so far; None if there was only silence."""
        if not self._powers:
            return None
        gate = max(_GATE * _mean(self._powers), SILENCE_POWER)
        speech = [power for power in self._powers if power >= gate]
        return Loudness(
            level_db=10 * math.log10(_mean(speech)),
            peak=float(np.abs(np.concatenate(self._sound)).max()),
            seconds=len(speech) * FRAME_MS / 1000,
        )


def _mean(powers: list[float]) -> float:
    return math.fsum(powers) / len(powers)
