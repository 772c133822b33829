"""Language tags: which of the languages that there are is the one that is asked for."""

from __future__ import annotations

from collections.abc import Iterable

from langcodes import closest_supported_match
from langcodes.tag_parser import LanguageTagError

MAX_DISTANCE = 10
"""On CLDR's scale: regions of one language are nearer, other languages and scripts farther."""
MAX_TAG_CHARACTERS = 64


def closest_language(desired: str, supported: Iterable[str]) -> str | None:
    """Return the tag of `supported`, as given, that serves a speaker of `desired`, or None.

    `de-AT` is served by `de`, `en` by `en-US`; Catalan is not served by Spanish.
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
    """Return what is both wanted and available, in the order wanted; all, if nothing is."""
    there = tuple(available)
    found = (closest_language(tag, there) for tag in wanted)
    return tuple(dict.fromkeys(tag for tag in found if tag)) or there
