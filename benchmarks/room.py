"""The quiet room in which a recording is played: a little noise, and silence at the end."""

from __future__ import annotations

import zlib

import numpy as np

from tests.support.sounds import noise
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples

NOISE_DBFS = -60.0
_PINK = 1.0


def in_a_room(samples: Samples, name: str, silence_s: float) -> Samples:
    """Mix quiet pink noise under a recording and under `silence_s` seconds after it.

    The noise is another one for each `name`, and the same whenever that name is given.
    """
    seconds = len(samples) / SAMPLE_RATE + silence_s
    room = noise(seconds, _PINK, seed=zlib.crc32(name.encode()))
    loudness = float(np.sqrt(np.mean(np.square(room))))
    room *= np.float32(10 ** (NOISE_DBFS / 20) / loudness)
    room[: len(samples)] += samples
    return room
