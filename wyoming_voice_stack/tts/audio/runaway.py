"""Tells when a voice goes on though it has said its text.

A model that speaks token by token, as XTTS does, at times misses the end of a short text and babbles
on. Two signs tell:

- a pause, after so much sound that the last word must have been begun by any reader, and after one pause for
  each mark within the text that asks for one: "Oh ... yes". Pauses stand between words, so the text is
  over. This is where most babble begins.
- more sound than the slowest reader needs, by `RUN_ON_FACTOR`. Then the first gap in the
  voice is the end. Without any gap nothing is cut: an ending within a sound would be heard, and engines
  bound their sentences themselves.
"""

from __future__ import annotations

from wyoming_voice_stack.tts.audio.frames import FRAME_MS, Frame
from wyoming_voice_stack.tts.audio.speaking_time import WORD_S, SpeakingTime

PAUSE_MS = 250
"""At normal speed. Within words there are gaps of 75 ms, before "p", "t" and "k"."""
GAP_MS = 50
"""Below `VOICE_DBFS`: between words, or before "p", "t" and "k"."""
RUN_ON_FACTOR = 2.0
MIN_WORD_MS = 120
"""At normal speed. A pause after less may follow a breath."""
VOICE_DBFS = -40.0
"""Frames from here on count as sound of the voice; breath seldom does."""

_VOICE_POWER = 10 ** (VOICE_DBFS / 10)


class RunawayDetector:
    """Follows one sentence of a known text."""

    def __init__(self, text: str, speed: float = 1.0) -> None:
        """Take the text as the engine gets it, and how much faster than normal it is said."""
        time = SpeakingTime.of(text)
        self._said_ms = max(1000 * time.before_last_word_s, MIN_WORD_MS) / speed
        self._too_long_ms = RUN_ON_FACTOR * 1000 * max(time.whole_s, WORD_S) / speed
        self._pause_ms = PAUSE_MS / speed
        self._pauses_left = time.pauses
        self._pausing = False
        self._voiced_ms = 0
        self._gap_ms = 0
        self._over = False

    @property
    def over(self) -> bool:
        """True once everything that follows is no part of the text."""
        return self._over

    def push(self, frame: Frame, silence_ms: int) -> None:
        """Follow on; `silence_ms` is how long there has been no sound, this frame included."""
        if frame.power >= _VOICE_POWER:
            self._voiced_ms += FRAME_MS
            self._gap_ms = 0
        else:
            self._gap_ms += FRAME_MS
        paused, self._pausing = self._pausing, silence_ms >= self._pause_ms
        if self._pausing and not paused and self._voiced_ms:
            self._pauses_left -= 1
        self._over = self._over or (
            (self._voiced_ms >= self._said_ms and self._pausing and self._pauses_left < 0)
            or (self._voiced_ms >= self._too_long_ms and self._gap_ms >= GAP_MS)
        )
