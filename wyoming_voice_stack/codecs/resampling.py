"""Converts the sample rate of a stream of mono samples."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import soxr

_QUALITY = "HQ"


class StreamResampler:
    """Converts one stream; some milliseconds of it are held back until `finish`."""

    def __init__(self, from_rate: int, to_rate: int) -> None:
        """Both rates are in Hz; with equal ones, samples pass unchanged."""
        self._stream: soxr.ResampleStream | None = None
        if from_rate != to_rate:
            self._stream = soxr.ResampleStream(
                from_rate, to_rate, 1, dtype="float32", quality=_QUALITY
            )

    def push(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Convert the next samples; at the begin of a stream, often none come back."""
        return samples if self._stream is None else self._stream.resample_chunk(samples)

    def finish(self) -> npt.NDArray[np.float32]:
        """Return the samples that are held back. The resampler cannot be used again."""
        nothing = np.zeros(0, np.float32)
        return nothing if self._stream is None else self._stream.resample_chunk(nothing, last=True)


def nearest_rate(rate: int, allowed: Collection[int]) -> int:
    """Return the lowest allowed rate that loses nothing of a stream at `rate`, or else the highest one."""
    sufficient = [each for each in allowed if each >= rate]
    return min(sufficient) if sufficient else max(allowed)
