"""Finds speech in a recording, and measures levels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.audio import SPEECH_RATE
from wyoming_voice_stack.tts.engine import Samples

WINDOW_SAMPLES = 512
"""32 ms at `SPEECH_RATE`."""
SPEECH = 0.5
"""A window with at least this probability is speech."""
NO_SPEECH = 0.2
"""A window with at most this probability is a pause; between the two are breath, echo and word ends."""
MARGIN_SECONDS = 0.25
"""Kept around speech, because soft consonants are detected late."""

Probabilities: TypeAlias = npt.NDArray[np.float32]
SpeechDetector: TypeAlias = Callable[[Samples], Probabilities]
"""Returns the probability of speech for each window of `WINDOW_SAMPLES` of mono audio at `SPEECH_RATE`;
the last window is padded with silence. May be called from any thread."""

_SILENCE_DBFS = -120.0


def spoken_part(samples: Samples, sample_rate: int, probabilities: Probabilities) -> Samples:
    """Trim what precedes the first and follows the last speech; return all of it if there is no speech."""
    spoken = np.flatnonzero(probabilities >= SPEECH)
    if not len(spoken):
        return samples
    window_seconds = WINDOW_SAMPLES / SPEECH_RATE
    start = spoken[0] * window_seconds - MARGIN_SECONDS
    stop = (spoken[-1] + 1) * window_seconds + MARGIN_SECONDS
    return samples[max(0, round(start * sample_rate)) : round(stop * sample_rate)]


def window_levels(samples: Samples) -> npt.NDArray[np.float32]:
    """Return the level of each window in dBFS, shape [windows]; the last window is padded with zeros.

    `samples` are at `SPEECH_RATE`.
    """
    whole = -len(samples) % WINDOW_SAMPLES
    windows = np.pad(samples, (0, whole)).reshape(-1, WINDOW_SAMPLES)
    power = np.maximum(np.mean(np.square(windows), axis=1), 10 ** (_SILENCE_DBFS / 10))
    levels: npt.NDArray[np.float32] = 10 * np.log10(power)
    return levels
