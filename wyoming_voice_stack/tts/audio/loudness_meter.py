"""How loud a sentence is, told from its beginning."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wyoming_voice_stack.tts.audio.frames import FRAME_MS, SILENCE_POWER, Frame

MEASURED_MS = 1000
"""Sentences are compared by so much of their beginnings. A whole Piper sentence is 1 dB softer than
its first second, give or take 0.75 dB; half a second would tell it no better than 1.4 dB."""
GATE_DB = 10.0
"""Frames so much below the mean of all are pauses, and do not count, as in ITU-R BS.1770-4. Its
filter for the ear is left out: it says little about sentences of one and the same voice."""

_GATE = 10 ** (-GATE_DB / 10)
_FRAMES = MEASURED_MS // FRAME_MS


@dataclass(frozen=True)
class Loudness:
    """Of the beginning of a sentence."""

    level_db: float
    """Root mean square of what is not pause, in dB below full scale."""
    peak: float
    """Largest magnitude."""
    seconds: float
    """Length of the sound that was measured, without its pauses."""


class LoudnessMeter:
    """Measures one sentence; later frames than the first `MEASURED_MS` are ignored."""

    def __init__(self) -> None:
        self._powers: list[float] = []
        self._peak = 0.0
        self._frames = 0

    @property
    def complete(self) -> bool:
        """True if no later frame changes the result."""
        return self._frames >= _FRAMES

    def add(self, frame: Frame) -> None:
        """Measure the next frame."""
        if self.complete:
            return
        self._frames += 1
        if not frame.is_silent:
            self._powers.append(frame.power)
            self._peak = max(self._peak, float(np.abs(frame.samples).max()))

    @property
    def loudness(self) -> Loudness | None:
        """What was measured so far; None of silence."""
        if not self._powers:
            return None
        gate = max(_GATE * _mean(self._powers), SILENCE_POWER)
        speech = [power for power in self._powers if power >= gate]
        return Loudness(
            level_db=10 * math.log10(_mean(speech)),
            peak=self._peak,
            seconds=len(speech) * FRAME_MS / 1000,
        )


def _mean(powers: list[float]) -> float:
    return math.fsum(powers) / len(powers)
