"""Matches a requested language tag to the supported ones."""

from __future__ import annotations

from collections.abc import Iterable

from langcodes import closest_supported_match, tag_is_valid
from langcodes.tag_parser import LanguageTagError

MAX_DISTANCE = 10
"""On CLDR's scale: regions of one language are closer, other languages and scripts farther."""
MAX_TAG_CHARACTERS = 64
DETECTED = "auto"
"""Stands for the language that is detected."""


def is_language(tag: str) -> bool:
    """Return whether a tag such as `de`, `pt-BR` or `en_US` names a language that exists."""
    return len(tag) <= MAX_TAG_CHARACTERS and tag_is_valid(tag)


def language_code(name: str) -> str | None:
    """Return the code of a language for its English or its own name, such as `German` or `Deutsch`.

    None for other names, and if Babel is not installed.
    """
    try:
        from babel import Locale
        from babel.localedata import locale_identifiers
    except ImportError:
        return None
    wanted = name.casefold()
    for code, english in Locale("en").languages.items():
        if english.casefold() == wanted:
            return str(code).replace("_", "-")
    for code in filter(str.isalpha, locale_identifiers()):
        own = Locale(code).get_display_name()
        if own and own.casefold() == wanted:
            return code
    return None


def closest_language(desired: str, supported: Iterable[str]) -> str | None:
    """Return the tag of `supported`, as given, that matches `desired` best, or None.

    `de-AT` matches `de`, `en` matches `en-US`; Catalan does not match Spanish.
    """
    if len(desired) > MAX_TAG_CHARACTERS:
        return None
    try:
        match: str | None = closest_supported_match(
            desired, list(supported), max_distance=MAX_DISTANCE
        )
    except LanguageTagError:
        return None
    return match


def household_languages(wanted: Iterable[str], available: Iterable[str]) -> tuple[str, ...]:
    """Return the wanted languages that are available, in the order wanted; if none is, all available."""
    supported = tuple(available)
    matches = (closest_language(tag, supported) for tag in wanted)
    return tuple(dict.fromkeys(tag for tag in matches if tag)) or supported
