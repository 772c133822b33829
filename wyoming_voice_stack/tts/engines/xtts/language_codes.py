"""The languages of XTTS: their names in its code, and what must be installed for some."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable

from wyoming_voice_stack.errors import UnknownLanguage
from wyoming_voice_stack.languages import closest_language
from wyoming_voice_stack.tts.text.language.tags import bcp47, primary

XTTS_V2 = (
    *("en", "es", "fr", "de", "it", "pt", "pl", "tr", "ru"),
    *("nl", "cs", "ar", "zh-cn", "hu", "ko", "ja", "hi"),
)
"""Codes of XTTS v2, for as long as a model's own list cannot be read."""

_NEEDED_MODULES = {
    "zh": ("pypinyin",),
    # Neither brings the other; without a dictionary, the first text would fail.
    "ja": ("cutlet", "unidic_lite"),
    "ko": ("ko_speech_tools",),
}
_EXTRAS = {"ja": "ja"}
"""Of this package, with which a language's needs are installed; those of the others come with `tts`."""


def advertised(codes: Iterable[str]) -> tuple[str, ...]:
    """BCP 47 tags of those languages whose texts can be read with what is installed."""
    tags = (bcp47(code) for code in codes)
    return tuple(tag for tag in tags if _readable(primary(tag)))


def offered_tag(tag: str, offered: tuple[str, ...]) -> str:
    """The one of `offered` in which a text marked as `tag` is spoken.

    Raises:
        UnknownLanguage: none of them is the same language.
    """
    found = closest_language(tag, offered)
    if found is None:
        raise UnknownLanguage(
            f"XTTS does not speak {tag!r} here; choose one of {', '.join(offered)}."
            f"{_advice(primary(bcp47(tag)))}"
        )
    return found


def code(tag: str) -> str:
    """The code that XTTS's own functions take."""
    return "zh-cn" if primary(tag) == "zh" else primary(tag)


def _readable(language: str) -> bool:
    modules = _NEEDED_MODULES.get(language, ())
    return all(importlib.util.find_spec(module) is not None for module in modules)


def _advice(language: str) -> str:
    if _readable(language):
        return ""
    extra = _EXTRAS.get(language, "tts")
    return f" For {language}, install more: pip install 'wyoming-voice-stack[{extra}]'"
