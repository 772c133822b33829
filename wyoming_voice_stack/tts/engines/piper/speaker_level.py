"""How loud a Piper voice is made, whose sentences leave before their loudest sample is known.

Piper itself scales each sentence so that its loudest sample is 1. The louder of a voice's sentences
peak alike, so those that it has spoken tell how the next one is to be scaled.
"""

from __future__ import annotations

import threading

import numpy as np

from wyoming_voice_stack.tts.engine import Samples

FIRST_PIECE_SHARE = 0.8
"""Peak of a sentence's first piece beside that of the sentence, as a rule (0.6 to 1)."""
FORGETTING = 0.2
"""How far the expected peak goes down to that of a sentence that is less loud."""
SOFTENING_SAMPLES = 256
"""Over so many samples the gain goes down where a piece would be too loud."""
_QUIETEST_SPEAKER = 0.2
"""No sentence of a Piper voice is expected to peak lower: those of en_US-joe reach 0.41 to 0.81."""
_QUIETEST_PEAK = 0.01
"""What stays below this is taken for silence: noise is not made into speech."""


class SpeakerLevel:
    """The peaks that a voice's speakers are expected to have. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._expected: dict[int, float] = {}

    def of_sentence(self, speaker: int) -> SentenceLevel:
        """Begin a sentence."""
        with self._lock:
            return SentenceLevel(self, speaker, self._expected.get(speaker))

    def learn(self, speaker: int, peak: float) -> None:
        """Take a whole sentence's peak into account: more of it if it is a loud one."""
        with self._lock:
            expected = self._expected.get(speaker, peak)
            softer = (1.0 - FORGETTING) * expected + FORGETTING * peak
            self._expected[speaker] = max(peak, softer)


class SentenceLevel:
    """Scales the pieces of one sentence, in their order."""

    def __init__(self, voice: SpeakerLevel, speaker: int, expected: float | None) -> None:
        self._voice = voice
        self._speaker = speaker
        self._expected = expected
        self._gain: float | None = None
        self._peak = 0.0

    def scale(self, piece: Samples, *, last: bool) -> Samples:
        """A piece with the sentence's gain, within -1..1."""
        peak = float(np.abs(piece).max(initial=0.0))
        self._peak = max(self._peak, peak)
        gain_before, self._gain = self._gain, self._gain_for(peak, last=last)
        if last and self._peak > _QUIETEST_PEAK:
            self._voice.learn(self._speaker, self._peak)
        gains = np.full(len(piece), self._gain, np.float32)
        if gain_before is not None and self._gain < gain_before:
            softened = gains[:SOFTENING_SAMPLES]
            softened[:] = np.linspace(gain_before, self._gain, len(softened))
        scaled: Samples = np.clip(piece * gains, -1.0, 1.0)
        return scaled

    def _gain_for(self, peak: float, *, last: bool) -> float:
        if self._gain is not None:
            return min(self._gain, 1.0 / max(peak, _QUIETEST_PEAK))
        expected = self._expected
        if expected is None:
            # A first piece may hold little more than breath.
            expected = peak if last else max(peak / FIRST_PIECE_SHARE, _QUIETEST_SPEAKER)
        return 1.0 / max(expected, peak, _QUIETEST_PEAK)
