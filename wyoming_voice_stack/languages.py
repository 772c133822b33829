"""Matches a requested language tag to the supported ones."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from langcodes import Language, closest_supported_match, language_distance, tag_is_valid
from langcodes.tag_parser import LanguageTagError

MAX_DISTANCE = 10
"""On CLDR's scale: regions of one language are closer, other languages and scripts farther."""
MAX_TAG_CHARACTERS = 64
MAX_PARSED_TAGS = 1000
"""Tags that langcodes may keep; it forgets none itself, and clients may send any number."""
MAX_DISTANCES = 20_000
"""Distances between two tags that langcodes may keep."""
DETECTED = "auto"
"""Stands for the language that is detected."""

_LANGCODES = threading.Lock()
_PARSED = Language._PARSE_CACHE  # noqa: SLF001 - langcodes offers no other access
_LANGUAGES = Language._INSTANCES  # noqa: SLF001 - as above
_DISTANCES = language_distance._DISTANCE_CACHE  # noqa: SLF001 - as above


@contextmanager
def langcodes_in_bounds() -> Iterator[None]:
    """Every use of langcodes with a client's tag is inside such a block, which empties its caches."""
    # Its caches are not locked: another thread must not look up what is removed here.
    with _LANGCODES:
        yield
        if len(_PARSED) > MAX_PARSED_TAGS:
            _PARSED.clear()
            _LANGUAGES.clear()
        if len(_DISTANCES) > MAX_DISTANCES:
            _DISTANCES.clear()


def is_language(tag: str) -> bool:
    """Return whether a tag such as `de`, `pt-BR` or `en_US` names a language that exists."""
    if len(tag) > MAX_TAG_CHARACTERS:
        return False
    with langcodes_in_bounds():
        return tag_is_valid(tag)


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
    tags = list(supported)
    if desired in tags:
        return desired
    if len(desired) > MAX_TAG_CHARACTERS:
        return None
    try:
        with langcodes_in_bounds():
            match: str | None = closest_supported_match(desired, tags, max_distance=MAX_DISTANCE)
    except LanguageTagError:
        return None
    return match


def household_languages(wanted: Iterable[str], available: Iterable[str]) -> tuple[str, ...]:
    """Return the wanted languages that are available, in the order wanted; if none is, all available."""
    supported = tuple(available)
    matches = (closest_language(tag, supported) for tag in wanted)
    return tuple(dict.fromkeys(tag for tag in matches if tag)) or supported
