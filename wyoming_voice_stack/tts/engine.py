"""What a text-to-speech engine is, and the facts that travel to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer

Samples: TypeAlias = npt.NDArray[np.float32]
"""Mono samples in -1..1, shape [samples]."""


@dataclass(frozen=True)
class CloneSource:
    """Recordings of one person, found in the voices folder."""

    name: str
    paths: tuple[Path, ...]
    fingerprint: str
    """Changes whenever a recording is added, removed or written again, or moved."""


@dataclass(frozen=True)
class Voice:
    """A voice that an engine has of its own: a studio speaker, or the model's only voice."""

    name: str
    languages: tuple[str, ...]
    """BCP 47 tags as advertised, such as `de`, `en-US`, `zh-CN`."""
    speakers: tuple[str, ...] = ()
    """Speakers that a client may choose within this voice."""


@dataclass(frozen=True)
class EngineCard:
    """What is known of an engine. Before the model is loaded, `voices` may still be empty."""

    name: str
    description: str
    attribution_name: str
    attribution_url: str
    languages: tuple[str, ...]
    """BCP 47 tags of every language that the engine speaks, the preferred one first."""
    voices: tuple[Voice, ...]
    clones: bool
    """True if the engine speaks with a `CloneSource`."""
    runs_on: bool = False
    """True if it may babble after its text, as models do that speak token by token."""


@dataclass(frozen=True)
class SynthesisRequest:
    """One sentence for an engine, already cleaned and within `max_characters`."""

    text: str
    language: str
    """One of `EngineCard.languages`."""
    voice: str | None = None
    """Name of one of `EngineCard.voices`; None lets `clone` speak, or the engine's first voice."""
    speaker: str | None = None
    """One of `Voice.speakers`, or None for the first."""
    clone: CloneSource | None = None
    speed: float = 1.0


class SpeechSynthesizer(Protocol):
    """A loaded engine. Plain and blocking; up to `lanes` threads call `synthesize` at a time."""

    @property
    def card(self) -> EngineCard:
        """Everything the loaded model can do."""
        ...

    @property
    def device(self) -> str:
        """Where the model runs, such as `cpu` or `cuda:0`."""
        ...

    @property
    def sample_rate(self) -> int:
        """Rate in Hz of everything that `synthesize` yields."""
        ...

    @property
    def lanes(self) -> int:
        """Sentences that may be spoken at the same time."""
        ...

    def synthesize(self, request: SynthesisRequest, playback: PlaybackBuffer) -> Iterator[Samples]:
        """Yield the sentence's audio piece by piece; closing the iterator stops the work.

        `playback` is the flow control of the reply that the sentence belongs to. The caller adds each
        piece to it. Of several requests, the one with the least audio buffered gets its next piece first.

        The same request gives the same sentence, whatever is spoken before it or beside it. The
        samples are the same too, but for engines that draw random numbers out of reach and learn how loud
        a speaker is, as Piper does, and for what rounding makes of requests that share a computation.

        Raises:
            EngineError: the engine failed; a sentence that gives no audio at all is `NoAudio`.
            UnknownVoice: there is no such voice, or its recordings cannot be used.
            UnknownLanguage: the language is not one of the card's.
        """
        ...

    def close(self) -> None:
        """Give the model's memory back. The engine is not used again."""
        ...


@runtime_checkable
class PreparesVoices(Protocol):
    """An engine for which a new cloned voice is work that can be done ahead."""

    def prepare(self, source: CloneSource) -> None:
        """Clone a voice before somebody asks for it. Blocking, for a second or two.

        Raises:
            UnknownVoice: its recordings cannot be used.
            EngineError: the engine failed.
        """
        ...


class EngineSource(Protocol):
    """An engine that is not loaded yet."""

    def card(self) -> EngineCard:
        """What can be told without touching heavy libraries or the network."""
        ...

    def max_characters(self, language: str) -> int:
        """How long one sentence in this language may be, in characters."""
        ...

    def load(self) -> SpeechSynthesizer:
        """Fetch what is missing and load. Blocking; runs in the engine's own thread.

        Raises:
            ModelError: the weights cannot be had.
            EngineError: the weights are there and the library failed on them.
        """
        ...
