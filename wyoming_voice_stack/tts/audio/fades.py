"""Fades audio in and out, so that its step from or to silence does not click."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from wyoming_voice_stack.tts.engine import Samples


def faded_in(samples: Samples) -> Samples:
    """Return a copy that rises from silence over its whole length."""
    return samples * _ramp(len(samples))


def faded_out(samples: Samples, fade_samples: int) -> Samples:
    """Return a copy whose last `fade_samples`, or all samples if there are fewer, fall to silence."""
    fade_samples = min(fade_samples, len(samples))
    faded = samples.copy()
    faded[len(samples) - fade_samples :] *= _ramp(fade_samples)[::-1]
    return faded


@lru_cache(maxsize=16)
def _ramp(length: int) -> Samples:
    """A raised cosine from 0 to 1; it has no corners, so it is softer than a linear ramp."""
    phase = (np.arange(length) + 0.5) / max(length, 1)
    ramp = (0.5 - 0.5 * np.cos(np.pi * phase)).astype(np.float32)
    ramp.flags.writeable = False
    return ramp
