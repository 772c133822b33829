"""Sentences of one reply are made about equally loud.

The gain of a sentence is chosen once, at its beginning, and stays: nobody hears it change. It brings
the sentence to the mean level of those before it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from wyoming_voice_stack.tts.audio.limiter import KNEE
from wyoming_voice_stack.tts.audio.loudness_meter import Loudness

MAX_GAIN_DB = 6.0
"""Up or down. What differs by more is meant so, or broken."""
NATURAL_DB = 0.5
"""Differences are evened out but for so much, which is less than a measurement's error."""
FAINT_DB = -45.0
"""What is below is not raised: it may be breath."""


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
    """Knows how loud the sentences of one reply were, as the engine gave them and as they went out."""

    def __init__(self) -> None:
        self._given = _Mean()
        self._said = _Mean()
        self._peak = 0.0

    def gain(self, heard: Loudness | None) -> float:
        """Return the factor for a sentence.

        The first one keeps its level, so that nothing waits for it. `heard` is None if a later
        one cannot wait either: it is expected to be as loud as the engine's others.
        """
        if not self._said.seconds:
            return 1.0
        level = heard.level_db if heard else self._given.level_db
        peak = heard.peak if heard else self._peak
        difference = self._said.level_db - level
        change = min(max(abs(difference) - NATURAL_DB, 0.0), MAX_GAIN_DB)
        if difference < 0:
            return float(10 ** (-change / 20))
        if level < FAINT_DB:
            return 1.0
        return float(min(10 ** (change / 20), max(KNEE / peak, 1.0)))

    def add(self, heard: Loudness, gain: float) -> None:
        """Take note of a sentence that went out by this factor."""
        self._given.add(heard.level_db, heard.seconds)
        self._said.add(heard.level_db + 20 * math.log10(gain), heard.seconds)
        self._peak = max(self._peak, heard.peak)
