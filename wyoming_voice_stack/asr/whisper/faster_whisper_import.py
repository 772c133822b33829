"""Imports faster-whisper without the audio file decoder that it depends on."""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_DECODER = "av"
"""PyAV: 15 MB and 50 modules to read audio files, which are not needed: audio arrives as samples."""
_IMPORTING = threading.Lock()
"""Two models can be loaded at the same time."""


class _ImportedWhenUsed(ModuleType):
    """A placeholder that imports its module on the first attribute access.

    `importlib.util.LazyLoader` is not enough: an import statement already reads the module's spec.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        # Libraries read it to find out whether the module is installed.
        self.__spec__ = find_spec(name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        _remove(self)
        return getattr(import_module(self.__name__), name)


def import_faster_whisper() -> ModuleType:
    """Import `faster_whisper`; PyAV is imported only if a file is decoded.

    Raises:
        ImportError: it or one of its dependencies is not installed.
    """
    with _IMPORTING:
        if _DECODER in sys.modules or "faster_whisper" in sys.modules:
            return import_module("faster_whisper")
        placeholder = _ImportedWhenUsed(_DECODER)
        sys.modules[_DECODER] = placeholder
        try:
            return import_module("faster_whisper")
        finally:
            _remove(placeholder)


def _remove(placeholder: ModuleType) -> None:
    if sys.modules.get(placeholder.__name__) is placeholder:
        del sys.modules[placeholder.__name__]
