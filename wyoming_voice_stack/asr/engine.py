"""What a speech-to-text engine is, and the facts that travel to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.engine.job_handle import Wanted

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
    house: tuple[str, ...] = ()
    """What the household calls its rooms and things; most of it is not spoken of."""
    draft: bool = False
    """Quick rather than right: for text that is shown while somebody still speaks."""


@dataclass(frozen=True)
class Speech:
    """A stretch of sound in which somebody speaks, and how it is to be heard."""

    samples: Samples
    request: TranscriptionRequest


@dataclass(frozen=True)
class Transcription:
    """What was said. An empty `text` means that nobody spoke."""

    text: str
    language: str | None


class SpeechSpan(NamedTuple):
    """Where speech begins and where it is over, in samples of the sound that it was found in."""

    start: int
    stop: int


class Segmenter(Protocol):
    """Follows one stream and knows where somebody speaks. Called from the event loop: quick."""

    def push(self, samples: Samples) -> None:
        """Follow on; pieces of any size give the same result."""
        ...

    def finish(self) -> None:
        """Judge what is left as if silence followed. Nothing is pushed any more."""
        ...

    @property
    def spans(self) -> tuple[SpeechSpan, ...]:
        """The speech so far, cut in its pauses if it is long; all but the last span are final."""
        ...

    @property
    def paused(self) -> bool:
        """True when somebody has spoken and the last span is final unless somebody speaks on."""
        ...

    @property
    def silence_ms(self) -> int:
        """How long nobody has spoken, from the last speech or from the beginning."""
        ...


class SpeechRecognizer(Protocol):
    """A loaded engine. Plain and blocking; it may be called from `lanes` threads at once."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Whisper's codes for all languages that the model hears."""
        ...

    @property
    def device(self) -> str:
        """Where the model runs, such as `cpu` or `cuda`."""
        ...

    @property
    def lanes(self) -> int:
        """Calls of `transcribe` that gain from running at the same time."""
        ...

    @property
    def batch_size(self) -> int:
        """Stretches of speech that one call of `transcribe` takes with gain."""
        ...

    def follow(self) -> Segmenter:
        """Begin to follow a stream. May be called from any thread."""
        ...

    def transcribe(self, speeches: Sequence[Speech], wanted: Wanted) -> list[Transcription]:
        """Transcribe stretches of speech, each as it would be alone.

        Raises:
            UnknownLanguage: the model does not hear the language of one of them.
            Abandoned: `wanted` became false.
            EngineError: the engine failed.
        """
        ...

    def close(self) -> None:
        """Give the model's memory back. The engine is not used again."""
        ...
