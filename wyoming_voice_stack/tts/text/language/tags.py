"""Languages as models name them, brought to BCP 47."""

from __future__ import annotations

from collections.abc import Iterable

from langcodes import Language
from langcodes.tag_parser import LanguageTagError

UNKNOWN = "und"


def bcp47(name: str) -> str:
    """Language and, where there is one, region: `en_US` is `en-US`, `hau` is `ha`.

    Scripts, dialects and private parts are dropped: `en-gb-x-rp` is `en-GB`. What is no language
    tag at all is `und`.
    """
    try:
        tag = Language.get(name)
    except LanguageTagError:
        return UNKNOWN
    language = tag.language or UNKNOWN
    return f"{language}-{tag.territory}" if tag.territory else language


def regional(tag: str, wishes: Iterable[str]) -> str:
    """`tag` with the region of the first of `wishes` in the same language; as it is if it has one."""
    if bcp47(tag) != primary(bcp47(tag)):
        return tag
    wished = map(bcp47, wishes)
    same = (wish for wish in wished if primary(wish) == primary(tag) and wish != primary(wish))
    return next(same, tag)


def primary(tag: str) -> str:
    """The language of a BCP 47 tag without its region."""
    return tag.partition("-")[0]
