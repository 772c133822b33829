"""How many of how many: `4/5 tasks`, `9/10`."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_TONGUES, LocaleRules

_RATED = frozenset({"5", "10", "100"})
"""What something is rated by, also where nothing follows."""
_LONG_WORD = re.compile(r" ?[^\W\d_]{4,}")


def say_shares(text: str, locale: LocaleRules) -> str:
    """Put words for the stroke; the two numbers stay as they are."""
    if not locale.lexicon.out_of or "/" not in text:
        return text
    return _pattern(locale).sub(lambda match: _said(match, locale), text)


@functools.lru_cache(maxsize=MAX_TONGUES)
def _pattern(locale: LocaleRules) -> re.Pattern[str]:
    nouns = "|".join(locale.lexicon.share_nouns) or "(?!)"
    halved = "|".join(locale.lexicon.fraction_nouns) or "(?!)"
    number = r"\d{1,3}"
    return re.compile(
        rf"(?<![\w.,:/\u2013$\u20ac\u00a3-])(?P<part>{number})\s?/\s?(?P<all>{number})(?![\w/:%\u2013-]|[.,]\d| [=%\u00b0])"
        rf"(?! (?:{halved})\b)(?P<noun>(?= (?:{nouns})(?!\w)))?"
    )


def _said(match: re.Match[str], locale: LocaleRules) -> str:
    part, whole = match["part"], match["all"]
    alone = match["noun"] is None
    if int(part) > int(whole) or (alone and (whole not in _RATED or _goes_on(match))):
        return match[0]
    return f"{part} {locale.lexicon.out_of} {whole}"


def _goes_on(match: re.Match[str]) -> bool:
    """Whether a word follows that may be counted, and not known to be."""
    return _LONG_WORD.match(match.string, match.end()) is not None
