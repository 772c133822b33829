"""Year ranges such as `1914-1918`, seasons such as `2020/21`, and years with a noun in Polish and Russian."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.time_lexicon import YearCase

_YEAR = r"(?:1[1-9]\d\d|20\d\d)"
_SPAN = re.compile(
    rf"(?<![\w.,:/+-])(?P<first>{_YEAR})\s?[-\u2013\u2014]\s?(?P<last>{_YEAR})(?=$|[)!?;:]|[.,](?!\d))"
)
_SPAN_AND_NOUN = re.compile(
    rf"(?:(?<![^\W\d_])(?P<before>[^\W\d_]+ ))?(?<![\w.,:/+-])(?P<first>{_YEAR})\s?[-\u2013\u2014]\s?(?P<last>{_YEAR})\s?(?P<noun>[^\W\d_]+\.?)(?!\w)"
)
_SEASON = re.compile(
    r"(?<![\w.,:/+-])(?P<y>(?:19|20)\d\d)[/\u2013-](?P<next>\d\d|20\d\d)(?![\w/-]|[.,]\d)"
)
_CENTURY = 100
_MONTHS = 12
"""`2011-12` is a month."""
_YEAR_DIGITS = 4
_ROUND = 50
"""Multiples of it are no years before an abbreviation that is also a unit, such as that of gram in Russian."""


def verbalize_years(text: str, locale: LocaleRules) -> str:
    """Verbalize years with a noun, and year ranges and seasons where no other reading is possible."""
    if locale.lexicon.calendar.year_cases:
        text = _noun_pattern(locale).sub(lambda match: _with_noun(match, locale), text)
    if locale.lexicon.calendar.year_spans:
        text = _SPAN_AND_NOUN.sub(lambda match: _span_with_noun(match, locale), text)
    text = _SPAN.sub(lambda match: _span(match, locale), text)
    return _SEASON.sub(lambda match: _season(match, locale), text)


def _span_with_noun(match: re.Match[str], locale: LocaleRules) -> str:
    before, noun = match["before"] or "", match["noun"]
    for span in locale.lexicon.calendar.year_spans:
        if noun in span.written and (not span.after or before.strip().lower() in span.after):
            years = [
                locale.numerals.ordinal(int(match[name]), span.form) for name in ("first", "last")
            ]
            ends = "." if noun[-1] == "." and match.end() == len(match.string) else ""
            return f"{before}{' - '.join(years)} {span.spoken}{ends}"
    return match[0]


def _span(match: re.Match[str], locale: LocaleRules) -> str:
    first, last = int(match["first"]), int(match["last"])
    if first >= last:
        return match[0]
    return f"{locale.numerals.year(first)} {locale.lexicon.to} {locale.numerals.year(last)}"


def _season(match: re.Match[str], locale: LocaleRules) -> str:
    year, following = int(match["y"]), match["next"]
    if int(following) % _CENTURY != (year + 1) % _CENTURY or (
        "-" in match[0] and not _MONTHS < int(following) < _CENTURY
    ):
        return match[0]
    is_full_year = len(following) == _YEAR_DIGITS
    spell = locale.numerals.year if is_full_year else locale.numerals.cardinal
    return f"{locale.numerals.year(year)} {spell(int(following))}"


@functools.lru_cache(maxsize=MAX_LOCALES)
def _noun_pattern(locale: LocaleRules) -> re.Pattern[str]:
    nouns = {noun for case in locale.lexicon.calendar.year_cases for noun in case.written}
    noun = "|".join(map(re.escape, sorted(nouns, key=len, reverse=True)))
    ancient = rf"\d{{1,3}}(?=\s?(?:{noun}) (?:{locale.lexicon.calendar.era or '(?!)'}))"
    return re.compile(
        rf"(?:(?<![^\W\d_])(?P<before>[^\W\d_]+ ))?(?<![\w.,:/+-])(?P<y>{_YEAR}|{ancient})\s?(?P<noun>{noun})(?!\w)",
        re.IGNORECASE,
    )


def _with_noun(match: re.Match[str], locale: LocaleRules) -> str:
    before = match["before"] or ""
    case = _case(before.strip().lower(), match["noun"].lower(), locale)
    year = int(match["y"])
    calendar, numerals = locale.lexicon.calendar, locale.numerals
    may_be_unit = match["noun"].rstrip(".") in locale.lexicon.unit_symbols
    if case is None or (may_be_unit and not case.after and year % _ROUND == 0):
        return match[0]
    is_ordinal = calendar.year_style == "ordinal"
    genitive = numerals.ordinal(year, calendar.day_form) if is_ordinal else numerals.year(year)
    words = " ".join(_inflected(word, case) for word in genitive.split())
    ends = "." if match["noun"][-1] == "." and match.end() == len(match.string) else ""
    return f"{before}{words} {case.spoken}{ends}"


def _case(before: str, noun: str, locale: LocaleRules) -> YearCase | None:
    fitting = (
        case
        for case in locale.lexicon.calendar.year_cases
        if noun in case.written and (not case.after or before in case.after)
    )
    return next(fitting, None)


def _inflected(word: str, case: YearCase) -> str:
    for ending, replacement in case.endings:
        if word.endswith(ending):
            return word.removesuffix(ending) + replacement
    return word
