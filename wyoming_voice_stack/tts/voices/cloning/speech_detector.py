"""Where in a recording somebody speaks, and how loud it is there and elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.audio import SPEECH_RATE
from wyoming_voice_stack.tts.engine import Samples

WINDOW_SAMPLES = 512
"""Of `SPEECH_RATE`: 32 ms."""
SPEECH = 0.5
"""A window at least this probable is speech."""
NO_SPEECH = 0.2
"""A window at most this probable is none; what lies between is breath, echo and word ends."""
MARGIN_SECONDS = 0.25
"""What is kept around speech; soft consonants are noticed late."""

Probabilities: TypeAlias = npt.NDArray[np.float32]
SpeechDetector: TypeAlias = Callable[[Samples], Probabilities]
"""Gives the probability that somebody speaks for each window of `WINDOW_SAMPLES` of mono sound at
`SPEECH_RATE`, the last one filled up with silence. May be called from any thread."""

_SILENCE_DBFS = -120.0


def spoken_part(samples: Samples, sample_rate: int, probabilities: Probabilities) -> Samples:
    """Cut off what comes before the first and after the last speech; all of it if there is none."""
    spoken = np.flatnonzero(probabilities >= SPEECH)
    if not len(spoken):
        return samples
    window_seconds = WINDOW_SAMPLES / SPEECH_RATE
    start = spoken[0] * window_seconds - MARGIN_SECONDS
    stop = (spoken[-1] + 1) * window_seconds + MARGIN_SECONDS
    return samples[max(0, round(start * sample_rate)) : round(stop * sample_rate)]


def window_levels(samples: Samples) -> npt.NDArray[np.float32]:
    """Level of each window in dB below full scale, shape [windows]; the last may be a part of one.

    `samples` are at `SPEECH_RATE`.
    """
    whole = -len(samples) % WINDOW_SAMPLES
    windows = np.pad(samples, (0, whole)).reshape(-1, WINDOW_SAMPLES)
    power = np.maximum(np.mean(np.square(windows), axis=1), 10 ** (_SILENCE_DBFS / 10))
    levels: npt.NDArray[np.float32] = 10 * np.log10(power)
    return levels
