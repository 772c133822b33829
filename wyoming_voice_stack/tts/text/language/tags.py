"""Converts the language names of models to BCP 47 tags."""

from __future__ import annotations

from collections.abc import Iterable

from langcodes import Language
from langcodes.tag_parser import LanguageTagError

from wyoming_voice_stack.languages import langcodes_in_bounds

UNKNOWN = "und"


def bcp47(name: str) -> str:
    """Return the BCP 47 tag of a language and its region: `en-US` for `en_US`, `ha` for `hau`.

    Scripts, dialects and private subtags are dropped: `en-gb-x-rp` gives `en-GB`. An invalid tag
    gives `und`.
    """
    try:
        with langcodes_in_bounds():
            tag = Language.get(name)
    except LanguageTagError:
        return UNKNOWN
    language = tag.language or UNKNOWN
    return f"{language}-{tag.territory}" if tag.territory else language


def regional(tag: str, preferred: Iterable[str]) -> str:
    """Return `tag` with the region of the first preferred tag in the same language.

    A tag that has a region already is returned unchanged.
    """
    if bcp47(tag) != primary(bcp47(tag)):
        return tag
    candidates = map(bcp47, preferred)
    same = (
        other for other in candidates if primary(other) == primary(tag) and other != primary(other)
    )
    return next(same, tag)


def primary(tag: str) -> str:
    """Return the language of a BCP 47 tag, without the region."""
    return tag.partition("-")[0]
