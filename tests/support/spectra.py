"""Comparison of two recordings by their spectra."""

from __future__ import annotations

import numpy as np

from wyoming_voice_stack.tts.engine import Samples

FRAME, HOP = 1024, 256
FLOOR_DB = 60.0
"""What is this far below the loudest part of a spectrum counts as equal."""
GATE_DB = 40.0
"""Frames this far below the loudest one are pauses and do not count."""


def log_spectral_distance(one: Samples, other: Samples) -> float:
    """Root mean square over frequencies of the difference in dB, the mean of all frames with speech."""
    length = min(len(one), len(other))
    first, second = (_powers(each[:length]) for each in (one, other))
    floor = first.max() * 10 ** (-FLOOR_DB / 10)
    loudness = first.mean(axis=1)
    speech = loudness > loudness.max() * 10 ** (-GATE_DB / 10)
    difference = 10 * np.log10((first + floor) / (second + floor))[speech]
    return float(np.sqrt(np.square(difference).mean(axis=1)).mean())


def _powers(samples: Samples) -> Samples:
    starts = range(0, len(samples) - FRAME, HOP)
    frames = np.stack([samples[start : start + FRAME] for start in starts])
    powers: Samples = np.square(np.abs(np.fft.rfft(frames * np.hanning(FRAME), axis=1)))
    return powers
