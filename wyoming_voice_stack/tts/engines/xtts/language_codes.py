"""The languages of XTTS: its codes for them, and the packages that some of them need."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable

from wyoming_voice_stack.errors import UnknownLanguage, install_hint
from wyoming_voice_stack.languages import closest_language
from wyoming_voice_stack.tts.engines.request_checks import unsupported_language
from wyoming_voice_stack.tts.text.language.tags import bcp47, primary

XTTS_V2 = (
    *("en", "es", "fr", "de", "it", "pt", "pl", "tr", "ru"),
    *("nl", "cs", "ar", "zh-cn", "hu", "ko", "ja", "hi"),
)
"""Codes of XTTS v2, used while a model's own list is not available."""

_NEEDED_MODULES = {
    "zh": ("pypinyin",),
    # cutlet does not depend on a dictionary, and fails on the first text without one.
    "ja": ("cutlet", "unidic_lite"),
    "ko": ("ko_speech_tools",),
}
_EXTRAS = {"ja": "ja"}
"""Extra of this package that installs what a language needs; for all others it is `tts`."""


def advertised(codes: Iterable[str]) -> tuple[str, ...]:
    """BCP 47 tags of the languages whose packages are installed."""
    tags = (bcp47(code) for code in codes)
    return tuple(tag for tag in tags if _readable(primary(tag)))


def offered_tag(tag: str, offered: tuple[str, ...]) -> str:
    """Return the one of `offered` in which a text in `tag` is spoken.

    Raises:
        UnknownLanguage: none of them is the same language.
    """
    found = closest_language(tag, offered)
    if found is None:
        error = unsupported_language("XTTS", tag, offered)
        raise UnknownLanguage(f"{error}{language_advice([tag])}")
    return found


def language_advice(tags: Iterable[str]) -> str:
    """Return how to add those of the languages whose packages are not installed; empty if none."""
    return "".join(dict.fromkeys(_advice(primary(bcp47(tag))) for tag in tags))


def code(tag: str) -> str:
    """XTTS's own code for a language."""
    return "zh-cn" if primary(tag) == "zh" else primary(tag)


def _readable(language: str) -> bool:
    modules = _NEEDED_MODULES.get(language, ())
    return all(importlib.util.find_spec(module) is not None for module in modules)


def _advice(language: str) -> str:
    if _readable(language):
        return ""
    extra = _EXTRAS.get(language, "tts")
    return f" To add {language!r}: {install_hint(extra)}"
