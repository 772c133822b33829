"""Adds the background noise of a quiet room to a recording, and a pause at its end."""

from __future__ import annotations

import zlib

import numpy as np

from tests.support.sounds import noise
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples

NOISE_DBFS = -60.0
_PINK = 1.0


def with_room_noise(samples: Samples, name: str, silence_s: float) -> Samples:
    """Mix quiet pink noise with a recording and with `silence_s` seconds after it.

    Each `name` has a noise of its own, the same one every time.
    """
    seconds = len(samples) / SAMPLE_RATE + silence_s
    room = noise(seconds, _PINK, seed=zlib.crc32(name.encode()))
    rms = float(np.sqrt(np.mean(np.square(room))))
    room *= np.float32(10 ** (NOISE_DBFS / 20) / rms)
    room[: len(samples)] += samples
    return room
