"""Validates the samples of every engine before they are used."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.tts.engine import Samples


def as_samples(audio: npt.ArrayLike) -> Samples:
    """Return a float32 copy of `audio`, shape [samples], that shares no memory with the engine.

    Raises:
        EngineError: some values are NaN or infinite.
    """
    samples = np.array(audio, dtype=np.float32).reshape(-1)
    if not np.isfinite(samples).all():
        raise EngineError(
            "The voice model returned invalid samples (NaN or Inf). Its weights may be damaged:"
            " download the model again, or run it on another device."
        )
    return samples
