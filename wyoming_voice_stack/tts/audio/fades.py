"""Sound that begins or ends is faded, so that the step from silence is not heard as a click."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from wyoming_voice_stack.tts.engine import Samples


def faded_in(samples: Samples) -> Samples:
    """A copy that rises from silence over its whole length."""
    return samples * _ramp(len(samples))


def faded_out(samples: Samples, fade_samples: int) -> Samples:
    """A copy whose last `fade_samples`, or all if it has fewer, fall to silence."""
    fading = min(fade_samples, len(samples))
    faded = samples.copy()
    faded[len(samples) - fading :] *= _ramp(fading)[::-1]
    return faded


@lru_cache(maxsize=16)
def _ramp(length: int) -> Samples:
    """A raised cosine from 0 to 1: without a corner, it is softer than a line."""
    phase = (np.arange(length) + 0.5) / max(length, 1)
    ramp = (0.5 - 0.5 * np.cos(np.pi * phase)).astype(np.float32)
    ramp.flags.writeable = False
    return ramp
