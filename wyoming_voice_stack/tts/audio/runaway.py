"""Detects runaway speech: a voice that goes on after the end of its text.

A model that generates speech token by token, as XTTS does, sometimes misses the end of a short text and
goes on with meaningless sounds. There are two signs of this:

- A pause after so much speech that even the slowest speaker has begun the last word, and after one pause
  for each mark within the text that asks for one: "Oh ... yes". Pauses stand between words, so the text
  is over. Most runaway speech begins this way.
- More speech than the slowest speaker needs, by `RUNAWAY_FACTOR`. Then the first gap in the voice is the
  end. Without any gap nothing is cut: an end within a sound would be audible, and engines bound the length
  of their sentences themselves.
"""

from __future__ import annotations

from wyoming_voice_stack.tts.audio.frames import FRAME_MS, Frame
from wyoming_voice_stack.tts.audio.speaking_time import WORD_S, SpeakingTime

PAUSE_MS = 250
"""At normal speed. Within words there are gaps of 75 ms, before "p", "t" and "k"."""
GAP_MS = 50
"""Time below `VOICE_DBFS`: between words, or before "p", "t" and "k"."""
RUNAWAY_FACTOR = 2.0
MIN_WORD_MS = 120
"""At normal speed. A pause after less may follow a breath."""
VOICE_DBFS = -40.0
"""Frames at this level or above count as voice; breath is seldom this loud."""

_VOICE_POWER = 10 ** (VOICE_DBFS / 10)


class RunawayDetector:
    """Checks the audio of one sentence against its text, frame by frame."""

    def __init__(self, text: str, speed: float = 1.0) -> None:
        """Take the text as the engine gets it, and its speed relative to normal."""
        time = SpeakingTime.of(text)
        self._spoken_ms = max(1000 * time.before_last_word_s, MIN_WORD_MS) / speed
        self._too_long_ms = RUNAWAY_FACTOR * 1000 * max(time.whole_s, WORD_S) / speed
        self._pause_ms = PAUSE_MS / speed
        self._pauses_left = time.pauses
        self._pausing = False
        self._voiced_ms = 0
        self._gap_ms = 0
        self._detected = False

    @property
    def detected(self) -> bool:
        """True once the text is over: all audio that follows is runaway speech."""
        return self._detected

    def push(self, frame: Frame, silence_ms: int) -> None:
        """Take the next frame; `silence_ms` is the silence up to and including this frame."""
        if frame.power >= _VOICE_POWER:
            self._voiced_ms += FRAME_MS
            self._gap_ms = 0
        else:
            self._gap_ms += FRAME_MS
        was_pausing, self._pausing = self._pausing, silence_ms >= self._pause_ms
        if self._pausing and not was_pausing and self._voiced_ms:
            self._pauses_left -= 1
        self._detected = self._detected or (
            (self._voiced_ms >= self._spoken_ms and self._pausing and self._pauses_left < 0)
            or (self._voiced_ms >= self._too_long_ms and self._gap_ms >= GAP_MS)
        )
