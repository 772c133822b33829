"""Sound in short frames on a grid that begins with the sentence, whatever the pieces it came in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wyoming_voice_stack.tts.engine import Samples

FRAME_MS = 5
SILENCE_DBFS = -50.0
"""Root mean square of a frame below which nobody hears speech. Of a Piper voice's soft consonants
("h", "f", "th"), all but 30 ms at the edges are louder; what engines put around speech, and faint
breath, is below."""
SILENCE_POWER = 10 ** (SILENCE_DBFS / 10)


class Frame(NamedTuple):
    """A stretch of sound: `FRAME_MS` long, but for the last of a sentence."""

    samples: Samples
    power: float
    """Mean square of the samples."""

    @property
    def is_silent(self) -> bool:
        """True if nobody hears it."""
        return self.power < SILENCE_POWER


def frame_samples(sample_rate: int) -> int:
    """Length of a frame."""
    return sample_rate * FRAME_MS // 1000


class FrameCutter:
    """Cuts a stream of samples into frames; less than a frame waits."""

    def __init__(self, sample_rate: int) -> None:
        self._length = frame_samples(sample_rate)
        self._pending = np.zeros(0, np.float32)

    def push(self, samples: Samples) -> list[Frame]:
        """Return the frames that `samples` complete. They share no memory with `samples`."""
        pending = np.concatenate([self._pending, samples], dtype=np.float32)
        count = len(pending) // self._length
        self._pending = pending[count * self._length :].copy()
        if not count:
            return []
        rows = pending[: count * self._length].reshape(count, self._length)
        return [Frame(row, power) for row, power in zip(rows, _powers(rows).tolist(), strict=True)]

    def finish(self) -> Frame | None:
        """Return what is left, shorter than a frame."""
        rest, self._pending = self._pending, np.zeros(0, np.float32)
        return Frame(rest, float(_powers(rest[None])[0])) if len(rest) else None


def _powers(rows: Samples) -> Samples:
    # In double precision from the start: numpy adds each row up alike, however many there are.
    squares = np.square(rows, dtype=np.float64)
    powers: Samples = np.add.reduce(squares, axis=1) / rows.shape[1]
    return powers
