"""faster-whisper, imported without the decoder of sound files that it brings along."""

from __future__ import annotations

import sys
import threading
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_DECODER = "av"
"""PyAV: 15 MB and 50 modules, to read files. What is heard here comes as samples."""
_IMPORTING = threading.Lock()
"""Two models may be loaded at the same time."""


class _ImportedWhenUsed(ModuleType):
    """Stands for a module until somebody asks it for something.

    `importlib.util.LazyLoader` does not do: an import statement already asks for the module's
    specification.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        # Libraries look at it to learn whether the module is installed.
        self.__spec__ = find_spec(name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        _take_away(self)
        return getattr(import_module(self.__name__), name)


def import_faster_whisper() -> ModuleType:
    """Import `faster_whisper`; what it decodes files with is imported when a file is decoded.

    Raises:
        ImportError: it, or what it needs, is not installed.
    """
    with _IMPORTING:
        if _DECODER in sys.modules or "faster_whisper" in sys.modules:
            return import_module("faster_whisper")
        stand_in = _ImportedWhenUsed(_DECODER)
        sys.modules[_DECODER] = stand_in
        try:
            return import_module("faster_whisper")
        finally:
            _take_away(stand_in)


def _take_away(stand_in: ModuleType) -> None:
    if sys.modules.get(stand_in.__name__) is stand_in:
        del sys.modules[stand_in.__name__]
