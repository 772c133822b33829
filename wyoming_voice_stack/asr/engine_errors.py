"""The error that clients get when an engine fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wyoming_voice_stack.errors import EngineError, VoiceStackError


@contextmanager
def transcription_errors(engine: str) -> Iterator[None]:
    """Within the block, errors that clients cannot interpret become `EngineError`s.

    The text of such an error is left out, for it may quote what was said.
    """
    try:
        yield
    except VoiceStackError:
        raise
    except Exception as error:
        raise EngineError(
            f"{engine} failed on this utterance ({type(error).__name__}); try again."
        ) from error
