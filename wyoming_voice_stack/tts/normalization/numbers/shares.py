"""How many of how many: `4/5 tasks`, `9/10`."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_TONGUES, Tongue

_RATED = frozenset({"5", "10", "100"})
"""What something is rated by, also where nothing follows."""
_LONG_WORD = re.compile(r" ?[^\W\d_]{4,}")


def say_shares(text: str, tongue: Tongue) -> str:
    """Put words for the stroke; the two numbers stay as they are."""
    if not tongue.lexicon.out_of or "/" not in text:
        return text
    return _pattern(tongue).sub(lambda match: _said(match, tongue), text)


@functools.lru_cache(maxsize=MAX_TONGUES)
def _pattern(tongue: Tongue) -> re.Pattern[str]:
    nouns = "|".join(tongue.lexicon.share_nouns) or "(?!)"
    halved = "|".join(tongue.lexicon.fraction_nouns) or "(?!)"
    number = r"\d{1,3}"
    return re.compile(
        rf"(?<![\w.,:/\u2013$\u20ac\u00a3-])(?P<part>{number})\s?/\s?(?P<all>{number})(?![\w/:%\u2013-]|[.,]\d| [=%\u00b0])"
        rf"(?! (?:{halved})\b)(?P<noun>(?= (?:{nouns})(?!\w)))?"
    )


def _said(match: re.Match[str], tongue: Tongue) -> str:
    part, whole = match["part"], match["all"]
    alone = match["noun"] is None
    if int(part) > int(whole) or (alone and (whole not in _RATED or _goes_on(match))):
        return match[0]
    return f"{part} {tongue.lexicon.out_of} {whole}"


def _goes_on(match: re.Match[str]) -> bool:
    """Whether a word follows that may be counted, and not known to be."""
    return _LONG_WORD.match(match.string, match.end()) is not None
