"""The files of a model, before it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


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
