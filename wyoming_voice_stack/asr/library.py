"""faster-whisper, imported without the decoder of sound files that it brings along."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

_DECODER = "av"
"""PyAV: 15 MB and 50 modules, to read files. What is heard here comes as samples."""


class _ImportedWhenUsed(ModuleType):
    """Stands for a module until somebody asks it for something.

    `importlib.util.LazyLoader` does not do: an import statement already asks for the module's
    specification.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(import_module(self.__name__), name)


def import_faster_whisper() -> ModuleType:
    """Import `faster_whisper`; what it decodes files with is imported when a file is decoded.

    Raises:
        ImportError: it, or what it needs, is not installed.
    """
    if _DECODER in sys.modules or "faster_whisper" in sys.modules:
        return import_module("faster_whisper")
    sys.modules[_DECODER] = _ImportedWhenUsed(_DECODER)
    try:
        return import_module("faster_whisper")
    finally:
        del sys.modules[_DECODER]
