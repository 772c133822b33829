"""Splits a sentence's audio into short frames that do not depend on the chunks it arrived in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from wyoming_voice_stack.tts.engine import Samples

FRAME_MS = 5
SILENCE_DBFS = -50.0
"""Root mean square of a frame below which speech is inaudible. Of a Piper voice's soft consonants
("h", "f", "th"), all but 30 ms at the edges are louder; the silence that engines put around speech,
and faint breath, are below."""
SILENCE_POWER = 10 ** (SILENCE_DBFS / 10)


class Frame(NamedTuple):
    """Audio of `FRAME_MS`; the last frame of a sentence may be shorter."""

    samples: Samples
    power: float
    """Mean square of the samples."""

    @property
    def is_silent(self) -> bool:
        """True if no speech in it is audible."""
        return self.power < SILENCE_POWER


def frame_samples(sample_rate: int) -> int:
    """Return the length of a frame in samples."""
    return sample_rate * FRAME_MS // 1000


class FrameCutter:
    """Splits a stream of samples into frames; an incomplete frame is held back."""

    def __init__(self, sample_rate: int) -> None:
        self._length = frame_samples(sample_rate)
        self._pending = np.zeros(0, np.float32)

    def push(self, samples: Samples) -> list[Frame]:
        """Return the frames that `samples` complete; they share no memory with `samples`."""
        pending = np.concatenate([self._pending, samples], dtype=np.float32)
        count = len(pending) // self._length
        self._pending = pending[count * self._length :].copy()
        if not count:
            return []
        rows = pending[: count * self._length].reshape(count, self._length)
        return [Frame(row, power) for row, power in zip(rows, _powers(rows).tolist(), strict=True)]

    def finish(self) -> Frame | None:
        """Return the rest, which is shorter than a frame."""
        rest, self._pending = self._pending, np.zeros(0, np.float32)
        return Frame(rest, float(_powers(rest[None])[0])) if len(rest) else None


def _powers(rows: Samples) -> Samples:
    # In double precision from the start: then the sum of a row does not depend on the number of rows.
    squares = np.square(rows, dtype=np.float64)
    powers: Samples = np.add.reduce(squares, axis=1) / rows.shape[1]
    return powers
