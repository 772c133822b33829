"""What a speech-to-text engine is, and the facts that travel to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000
"""Every engine hears 16 kHz mono."""

Samples: TypeAlias = npt.NDArray[np.float32]
"""Mono samples in -1..1 at `SAMPLE_RATE`, shape [samples]."""

Task: TypeAlias = Literal["transcribe", "translate"]


@dataclass(frozen=True)
class TranscriptionRequest:
    """How one utterance is to be heard."""

    language: str | None = None
    """Whisper's code; None lets the engine detect one of `candidate_languages`."""
    candidate_languages: tuple[str, ...] = ()
    """Languages to choose from when detecting; empty stands for all."""
    task: Task = "transcribe"
    initial_prompt: str | None = None
    names: tuple[str, ...] = ()
    """Names that are likely to be spoken, the most important first."""
    terms: tuple[str, ...] = ()
    """Words of the field that are likely to be spoken; names go before them."""


@dataclass(frozen=True)
class Transcription:
    """What was said. An empty `text` means that nobody spoke."""

    text: str
    language: str | None


class SpeechRecognizer(Protocol):
    """A loaded engine. Plain and blocking; one thread owns it."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Whisper's codes for all languages that the model hears."""
        ...

    @property
    def device(self) -> str:
        """Where the model runs, such as `cpu` or `cuda`."""
        ...

    def transcribe(self, samples: Samples, request: TranscriptionRequest) -> Transcription:
        """Transcribe a whole utterance of any length.

        Raises:
            EngineError: the engine failed.
        """
        ...

    def close(self) -> None:
        """Give the model's memory back. The engine is not used again."""
        ...
