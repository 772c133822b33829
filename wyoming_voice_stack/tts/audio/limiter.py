"""Keeps sound below full scale without a corner in the wave."""

from __future__ import annotations

import numpy as np

from wyoming_voice_stack.tts.engine import Samples

CEILING = 10 ** (-0.1 / 20)
"""No sample is beyond: -0.1 dBFS."""
KNEE = 0.89
"""Samples up to here, -1 dBFS, are left exactly as they are."""

_ROOM = np.float32(CEILING - KNEE)


def limited(samples: Samples) -> Samples:
    """Bend what is beyond `KNEE` towards `CEILING`; the same array if nothing is.

    The curve x / sqrt(1 + x²) begins with slope 1 and no bend. It knows no state, so that peaks
    cost neither delay nor a gain that has to come back.
    """
    magnitude = np.abs(samples)
    loud = magnitude > np.float32(KNEE)
    if not loud.any():
        return samples
    beyond = (magnitude[loud] - np.float32(KNEE)) / _ROOM
    bent = np.float32(KNEE) + _ROOM * (beyond / np.sqrt(np.float32(1) + beyond * beyond))
    out = samples.copy()
    out[loud] = np.copysign(np.minimum(bent, np.float32(CEILING)), samples[loud])
    return out
