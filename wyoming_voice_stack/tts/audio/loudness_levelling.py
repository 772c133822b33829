"""Brings the sentences of one reply to about the same loudness.

The gain of a sentence is chosen once, at its beginning, and stays constant, so no change is audible
within the sentence. It brings the sentence to the mean level of those before it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from wyoming_voice_stack.tts.audio.limiter import KNEE
from wyoming_voice_stack.tts.audio.loudness_meter import Loudness

MAX_GAIN_DB = 6.0
"""Up or down. A larger difference is intended, or the audio is broken."""
TOLERANCE_DB = 0.5
"""Difference that is left: less than the error of a measurement."""
FAINT_DB = -45.0
"""Audio below this level is not amplified: it may be breath."""


@dataclass
class _Mean:
    """A mean level, weighted by time."""

    total: float = 0.0
    seconds: float = 0.0

    def add(self, level_db: float, seconds: float) -> None:
        self.total += level_db * seconds
        self.seconds += seconds

    @property
    def level_db(self) -> float:
        return self.total / self.seconds


class LoudnessLeveller:
    """Records the loudness of a reply's sentences before and after their gain."""

    def __init__(self) -> None:
        self._input = _Mean()
        self._output = _Mean()
        self._input_peak = 0.0

    def gain(self, measured: Loudness | None) -> float:
        """Return the gain of the next sentence, as a factor.

        The first sentence keeps its level, so that it does not wait for a measurement. `measured` is
        None if a later one cannot wait either: it is expected to be as loud as those before it.
        """
        if not self._output.seconds:
            return 1.0
        level_db = measured.level_db if measured else self._input.level_db
        peak = measured.peak if measured else self._input_peak
        difference_db = self._output.level_db - level_db
        change_db = min(max(abs(difference_db) - TOLERANCE_DB, 0.0), MAX_GAIN_DB)
        if difference_db < 0:
            return float(10 ** (-change_db / 20))
        if level_db < FAINT_DB:
            return 1.0
        return float(min(10 ** (change_db / 20), max(KNEE / peak, 1.0)))

    def record(self, measured: Loudness, gain: float) -> None:
        """Record the loudness of a sentence before its gain, and the gain."""
        self._input.add(measured.level_db, measured.seconds)
        self._output.add(measured.level_db + 20 * math.log10(gain), measured.seconds)
        self._input_peak = max(self._input_peak, measured.peak)
