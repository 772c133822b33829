"""Keeps audio below full scale with a soft limiter."""

from __future__ import annotations

import numpy as np

from wyoming_voice_stack.tts.engine import Samples

CEILING = 10 ** (-0.1 / 20)
"""No sample exceeds this: -0.1 dBFS."""
KNEE = 0.89
"""Samples up to here, -1 dBFS, are not changed."""

_HEADROOM = np.float32(CEILING - KNEE)


def soft_limit(samples: Samples) -> Samples:
    """Compress what exceeds `KNEE` towards `CEILING`; return the same array if nothing does.

    The curve x / sqrt(1 + x²) starts with slope 1 and no bend. It has no state, so peaks cause neither
    delay nor a gain that has to recover.
    """
    magnitude = np.abs(samples)
    loud = magnitude > np.float32(KNEE)
    if not loud.any():
        return samples
    excess = (magnitude[loud] - np.float32(KNEE)) / _HEADROOM
    compressed = np.float32(KNEE) + _HEADROOM * (excess / np.sqrt(np.float32(1) + excess * excess))
    output = samples.copy()
    output[loud] = np.copysign(np.minimum(compressed, np.float32(CEILING)), samples[loud])
    return output
