"""Trims the silence around a sentence and shortens long silence within it.

Sound is what lasts for `MIN_SOUND_MS`; a shorter crackle counts as silence. Silence is held back until
sound follows, so that it can still be dropped if none does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wyoming_voice_stack.tts.audio.fades import faded_in, faded_out
from wyoming_voice_stack.tts.audio.frames import FRAME_MS, Frame, frame_samples

LEAD_IN_MS = 50
"""Kept before the first sound, for the soft beginning of a consonant. Its first frame is faded in."""
TAIL_MS = 100
"""Kept after the last sound, for the soft end of a consonant. Its last `FRAME_MS` are faded out."""
MIN_SOUND_MS = 15
"""Shorter than any speech sound, longer than a crackle."""
HOLD_BACK_MS = MIN_SOUND_MS + FRAME_MS
"""The most of a sentence's beginning that is held back: sound must last, and the last frame may have to
be faded out."""
MAX_SILENCE_MS = 1000
"""Longest silence within a sentence; of a longer one, the middle is dropped. Speakers do not pause for so
long within a sentence, and this bounds what is held back."""

_MIN_SOUND = MIN_SOUND_MS // FRAME_MS
_TAIL = TAIL_MS // FRAME_MS
_MAX_SILENCE = MAX_SILENCE_MS // FRAME_MS


@dataclass(frozen=True)
class Ending:
    """The last audio of a sentence."""

    frame: Frame
    """The last sound and the silence kept after it, faded out; empty if there was no sound."""
    silent_samples: int
    """How many of its samples, at the end, are silence."""


class SilenceTrimmer:
    """Trims one sentence."""

    def __init__(self, sample_rate: int, lead_in_ms: int = LEAD_IN_MS) -> None:
        self._fade_samples = frame_samples(sample_rate)
        self._lead_in = lead_in_ms // FRAME_MS
        # Before the first sound: the latest silence. Afterwards: the last frame of sound, and the
        # silence after it.
        self._held: list[Frame] = []
        self._loud_run = 0
        self._silent_frames = 0
        self._shortened = False
        self._lead_samples: int | None = None

    @property
    def has_sound(self) -> bool:
        """True once there was sound."""
        return self._lead_samples is not None

    @property
    def lead_samples(self) -> int:
        """Samples of silence that were returned before the first sound."""
        return self._lead_samples or 0

    @property
    def silence_ms(self) -> int:
        """Silence since the last sound, or since the beginning."""
        return self._silent_frames * FRAME_MS

    def push(self, frame: Frame) -> list[Frame]:
        """Take the next frame and return those that are ready."""
        self._held.append(frame)
        self._loud_run = 0 if frame.is_silent else self._loud_run + 1
        if self._loud_run < _MIN_SOUND:
            self._silent_frames += 1
            self._bound_held()
            return []
        self._silent_frames = 0
        if not self.has_sound:
            self._begin()
        elif self._shortened:
            self._close_gap()
        out, self._held = self._held[:-1], self._held[-1:]
        return out

    def finish(self, rest: Frame | None) -> Ending:
        """End the sentence with `rest`, which is shorter than a frame."""
        if not self.has_sound:
            return Ending(Frame(np.zeros(0, np.float32), 0.0), 0)
        last_sound = 1
        if rest is not None:
            self._held.append(rest)
            # It is too short to be judged alone, so it counts as sound if it directly follows sound.
            last_sound += self._silent_frames == 0 and not rest.is_silent
        kept = self._held[: last_sound + _TAIL]
        samples = np.concatenate([frame.samples for frame in kept])
        ending = Frame(faded_out(samples, self._fade_samples), kept[0].power)
        silent = sum(len(frame.samples) for frame in kept[last_sound:])
        return Ending(ending, silent)

    def _bound_held(self) -> None:
        if not self.has_sound:
            del self._held[: -(self._lead_in + _MIN_SOUND - 1)]
        elif self._silent_frames > _MAX_SILENCE:
            del self._held[self._gap]
            self._silent_frames -= 1
            self._shortened = True

    @property
    def _gap(self) -> int:
        """Index in `_held` where the middle of a long silence is dropped: before a lead-in."""
        return 1 + _MAX_SILENCE - (self._lead_in + _MIN_SOUND - 1)

    def _begin(self) -> None:
        silent = len(self._held) - _MIN_SOUND
        self._lead_samples = silent * self._fade_samples
        self._held[0] = _with_fade_in(self._held[0])

    def _close_gap(self) -> None:
        before, after = self._held[self._gap - 1], self._held[self._gap]
        self._held[self._gap - 1] = before._replace(
            samples=faded_out(before.samples, self._fade_samples)
        )
        self._held[self._gap] = _with_fade_in(after)
        self._shortened = False


def _with_fade_in(frame: Frame) -> Frame:
    return frame._replace(samples=faded_in(frame.samples))
