"""What a client is told when XTTS fails."""

from __future__ import annotations

from wyoming_voice_stack.errors import EngineError


def failed(error: Exception) -> EngineError:
    """A sentence could not be spoken because of `error`."""
    failure = EngineError(
        f"XTTS failed on a sentence ({type(error).__name__}). Ask again; if it fails again, try"
        " another voice or device."
    )
    failure.__cause__ = error
    return failure


def no_number() -> EngineError:
    """The model's scores were no numbers."""
    return EngineError(
        "XTTS failed on a sentence: it calculated values that are no numbers. If every voice does"
        " so, set TTS_PRECISION to float32 or fetch the model again."
    )


def unloaded() -> EngineError:
    """The engine was closed before a sentence was finished."""
    return EngineError("XTTS was unloaded while it spoke. Ask again.")
