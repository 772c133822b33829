"""The errors that clients get when XTTS fails on a sentence."""

from __future__ import annotations

from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.tts.engines.failures import synthesis_failed


def decoding_failed(error: Exception) -> EngineError:
    """A step of the computation raised `error`."""
    return synthesis_failed("XTTS", error, "choose another voice or TTS_DEVICE")


def invalid_scores() -> EngineError:
    """The model's scores were NaN or infinite."""
    return EngineError(
        "XTTS returned invalid scores (NaN or Inf) for a sentence. If this happens with every voice,"
        " set TTS_PRECISION to float32 or download the model again."
    )


def engine_unloaded() -> EngineError:
    """The engine was closed before the sentence was complete."""
    return EngineError("XTTS was unloaded during synthesis. Try again.")
