"""A model before it is loaded: its files, and the card of a model with a single voice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wyoming_voice_stack.tts.engine import EngineCard, Voice


@dataclass(frozen=True)
class ModelFiles:
    """Where an engine finds its model: a file for Piper, a folder for other engines."""

    reference: str
    """The model's name, or its path."""
    find: Callable[[], Path | None]
    """Returns the path, or None if the model is not on disk. Never uses the network."""
    locate: Callable[[], Path]
    """Returns the path, and downloads the model first where needed."""

    @classmethod
    def at(cls, path: Path, reference: str | None = None) -> ModelFiles:
        """A model that is on disk."""
        return cls(reference or str(path), find=lambda: path, locate=lambda: path)


def single_voice_card(voice: Voice, engine: str, family: str, author: str, url: str) -> EngineCard:
    """The card of an engine whose model is one voice, of a `family` such as "Piper"."""
    return EngineCard(
        name=engine,
        description=f"{family} voice {voice.name}",
        attribution_name=author,
        attribution_url=url,
        languages=voice.languages,
        voices=(voice,),
        clones=False,
    )
