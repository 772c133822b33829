"""What leaves an engine is checked here, once for all of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.tts.engine import Samples


def as_samples(audio: npt.ArrayLike) -> Samples:
    """A float32 copy of `audio`, shape [samples], that shares no memory with the engine.

    Raises:
        EngineError: some values are not numbers.
    """
    samples = np.array(audio, dtype=np.float32).reshape(-1)
    if not np.isfinite(samples).all():
        raise EngineError(
            "The voice's model calculated values that are no sound. Its weights may be damaged:"
            " fetch the model again, or run it on another device."
        )
    return samples
