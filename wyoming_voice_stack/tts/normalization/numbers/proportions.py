"""Proportions: `4/5 tasks`, `9/10`."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules

_RATING_SCALES = frozenset({"5", "10", "100"})
"""Scales of ratings, which are proportions even without a noun after them."""
_FRACTIONS = "(?:1/[2-8]|2/3|3/[48])"
"""Fractions behind a whole number: `5 1/2 rooms`."""
_LONG_WORD = re.compile(r" ?[^\W\d_]{4,}")


def verbalize_proportions(text: str, locale: LocaleRules) -> str:
    """Replace the slash of a proportion with words; `verbalize_cardinals` reads the two numbers."""
    if not locale.lexicon.out_of or "/" not in text:
        return text
    return _pattern(locale).sub(lambda match: _verbalize(match, locale), text)


def verbalize_ratios(text: str, locale: LocaleRules) -> str:
    """Verbalize the colon of `ratio 1:10`, which would be a time of day."""
    leads = locale.lexicon.ratio_leads
    if not leads or ":" not in text:
        return text
    return _ratio_pattern(locale).sub(
        lambda match: f"{match[1]}{locale.separator}{locale.lexicon.ratio}{locale.separator}", text
    )


@functools.lru_cache(maxsize=MAX_LOCALES)
def _ratio_pattern(locale: LocaleRules) -> re.Pattern[str]:
    leads = "|".join(locale.lexicon.ratio_leads)
    begin, gap = (r"(?<!\w)", "[ :]{1,2}") if locale.lexicon.spaced else ("", "[ :\uff1a]{0,2}")
    return re.compile(rf"({begin}(?i:{leads}){gap}\d{{1,7}}) ?: ?(?=\d)")


@functools.lru_cache(maxsize=MAX_LOCALES)
def _pattern(locale: LocaleRules) -> re.Pattern[str]:
    nouns = "|".join(locale.lexicon.proportion_nouns) or "(?!)"
    halved = "|".join(locale.lexicon.fraction_nouns) or "(?!)"
    number = r"\d{1,3}"
    return re.compile(
        rf"(?<![\w.,:/\u2013$\u20ac\u00a3-])(?!(?<=\d ){_FRACTIONS}\b)(?P<part>{number}(?:[.,]\d)?)\s?/\s?(?P<all>{number})(?![\w/:%\u2013-]|[.,]\d| [=%\u00b0])"
        rf"(?! (?:{halved})\b)(?P<noun>(?= (?:{nouns})(?!\w)))?"
    )


def _verbalize(match: re.Match[str], locale: LocaleRules) -> str:
    part, whole = match["part"], match["all"]
    alone = match["noun"] is None
    if locale.parse(part).value > int(whole) or (
        alone and (whole not in _RATING_SCALES or _word_follows(match))
    ):
        return match[0]
    return f"{part} {locale.lexicon.out_of} {whole}"


def _word_follows(match: re.Match[str]) -> bool:
    """Return whether a word follows that may be a counted noun."""
    return _LONG_WORD.match(match.string, match.end()) is not None
