"""The contract of a text-to-speech engine, and its requests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer

Samples: TypeAlias = npt.NDArray[np.float32]
"""Mono samples in -1..1, shape [samples]."""


@dataclass(frozen=True)
class CloneSource:
    """The recordings of one person in the voices folder."""

    name: str
    paths: tuple[Path, ...]
    fingerprint: str
    """Changes whenever a recording is added, removed, modified or moved."""
    contents: tuple[bytes, ...] = field(default=(), repr=False, compare=False)
    """Content of the files, read ahead; if it is empty, the engine reads them."""


@dataclass(frozen=True)
class Voice:
    """A voice that is part of the engine's model, such as a studio speaker of XTTS."""

    name: str
    languages: tuple[str, ...]
    """BCP 47 tags as advertised, such as `de`, `en-US` and `zh-CN`."""
    speakers: tuple[str, ...] = ()
    """Speakers of this voice that a client may choose from."""
    speaker_ids: tuple[int, ...] = ()
    """The model's number of each speaker; empty if they are numbered from 0."""


@dataclass(frozen=True)
class EngineCard:
    """The facts about an engine. Before the model is loaded, `voices` may be empty."""

    name: str
    description: str
    attribution_name: str
    attribution_url: str
    languages: tuple[str, ...]
    """BCP 47 tags of the supported languages, the preferred one first."""
    voices: tuple[Voice, ...]
    clones: bool
    """True if the engine clones voices from a `CloneSource`."""
    may_run_away: bool = False
    """True if it may go on speaking after its text, as models that generate speech token by token do."""
    left_out: str = ""
    """A sentence about the model's voices that are not offered, for the error about an unknown voice."""
    short_characters: int = 0
    """A sentence of fewer characters is spoken together with the next one, if that is there already."""
    speed_share: float | None = None
    """Share of the engine's speed that replies in progress may need; None is that of most engines."""
    can_suspend: bool = True
    """False if a sentence that is not continued holds what other sentences need."""


@dataclass(frozen=True)
class SynthesisRequest:
    """One sentence for an engine: cleaned, normalized and within `max_characters`."""

    text: str
    language: str
    """One of `EngineCard.languages`."""
    voice: str | None = None
    """Name of one of `EngineCard.voices`; None means `clone`, or else the engine's first voice."""
    speaker: str | None = None
    """One of `Voice.speakers`; None means the first."""
    clone: CloneSource | None = None
    speed: float = 1.0


class SpeechSynthesizer(Protocol):
    """A loaded engine. Blocking; up to `lanes` threads call `synthesize` at a time."""

    @property
    def card(self) -> EngineCard:
        """The facts about the loaded model."""
        ...

    @property
    def device(self) -> str:
        """The device that the model runs on, such as `cpu` or `cuda:0`."""
        ...

    @property
    def sample_rate(self) -> int:
        """Sample rate in Hz of the audio that `synthesize` yields."""
        ...

    @property
    def lanes(self) -> int:
        """How many sentences may be synthesized at the same time."""
        ...

    def synthesize(self, request: SynthesisRequest, playback: PlaybackBuffer) -> Iterator[Samples]:
        """Yield the sentence's audio in chunks; closing the iterator stops the work.

        `playback` is the flow control of the reply that the sentence belongs to; the caller adds each
        chunk to it. Of several requests, the one with the least audio buffered gets its next chunk first.

        The same request gives the same sentence, whatever is synthesized before or beside it. The samples
        are the same too, with three exceptions: engines whose random numbers cannot be seeded and that
        adapt to a speaker's loudness, as Piper does; a voice that Kokoro has not measured yet; and
        rounding where requests share a computation.

        Raises:
            EngineError: the engine failed; `NoAudio` if the sentence gives no audio at all.
            UnknownVoice: there is no such voice, or its recordings cannot be used.
            UnknownLanguage: the language is not one of the card's.
        """
        ...

    def close(self) -> None:
        """Free the model's memory. The engine is not used afterwards."""
        ...


@runtime_checkable
class PreparesVoices(Protocol):
    """An engine that can clone a voice ahead of its first request."""

    def has_prepared(self, source: CloneSource) -> bool:
        """Return whether a voice is cloned and in memory, so that no recordings are read. Does not block."""
        ...

    def prepare(self, source: CloneSource) -> None:
        """Clone a voice ahead of its first request. Blocks for a second or two.

        Raises:
            UnknownVoice: its recordings cannot be used.
            EngineError: the engine failed.
        """
        ...


class EngineSource(Protocol):
    """An engine that is not loaded yet."""

    def card(self) -> EngineCard:
        """The facts that are known without importing heavy libraries and without network access."""
        ...

    def max_characters(self, language: str) -> int:
        """The longest sentence in this language, in characters."""
        ...

    def load(self) -> SpeechSynthesizer:
        """Download what is missing and load the model. Blocks; called in the engine's own thread.

        Raises:
            ModelError: the weights are missing and cannot be downloaded.
            EngineError: the library failed to load the weights.
        """
        ...
