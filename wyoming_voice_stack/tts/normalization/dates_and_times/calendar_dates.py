"""Calendar dates in digits, in every notation that can only be a date."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.dates_and_times.day_forms import is_announced
from wyoming_voice_stack.tts.normalization.dates_and_times.named_dates import verbalize_named_dates
from wyoming_voice_stack.tts.normalization.dates_and_times.release_versions import is_version
from wyoming_voice_stack.tts.normalization.dates_and_times.spoken_dates import (
    DAYS,
    MONTHS,
    YEAR_DIGITS,
    CalendarDate,
    Order,
    full_year,
    spoken_date,
    spoken_in,
    spoken_year,
)
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import RANGE, WIDE_LETTER

_ISO = re.compile(
    rf"(?:(?<![\w.-])|(?<={WIDE_LETTER}))(?P<y>\d{{4}})-(?P<m>\d{{2}})-(?P<d>\d{{2}})(?P<t>T(?=\d\d:)|(?![\w-])|(?={WIDE_LETTER}))"
)
_CHINESE_YEAR = re.compile(
    r"(?<!\d)\d{4}(?=\s?\u5e74)|(?<![\d.,:/-])(?P<first>(?:19|20)\d\d)[-\u2013~\u81f3\u5230](?=(?:19|20)\d\d\u5e74)"
)
_YEAR_FIRST = re.compile(
    rf"(?:(?<![\w./])|(?<={WIDE_LETTER}))(?P<y>\d{{4}})/(?P<m>\d{{1,2}})/(?P<d>\d{{1,2}})(?:(?![\w/]|\.\d)|(?={WIDE_LETTER}))",
)
_YEAR_FIRST_DOTTED = re.compile(
    rf"(?:(?<![\w./])|(?<={WIDE_LETTER}))(?P<y>\d{{4}})\. ?(?P<m>\d{{1,2}})\. ?(?P<d>\d{{1,2}})(?:(?![\w/]|\.\d)\.?|(?={WIDE_LETTER}))"
)
_NUMERIC = re.compile(
    r"(?<![\w./-])(?P<a>\d{1,2})(?P<sign>[./-])(?P<s> ?)(?P<b>\d{1,2})(?P=sign)(?P=s)(?P<y>\d{4}|\d{2})"
    r"(?![\w/-]|[.,]\d)",
)
_TO_A_DATE = re.compile(
    r"(\d\.\d{1,2}\.(?:\d{4})?|\d{4}-\d\d-\d\d)\s?[-\u2013\u2014]\s?(?=\d{1,2}\. ?\d{1,2}\.|\d{4}-\d\d-\d\d)"
)
_DOTTED_DAY = re.compile(r"(?<![\w./-])(?P<d>\d{1,2})\. ?(?P<m>\d{1,2})\.(?! ?\d|\w)")
_NO_SPACE_BEFORE_YEAR = re.compile(r"(?<=[a-z]\s\d|\s\d\d),(?=(?:19|20)\d\d(?!\d))")


def verbalize_dates(text: str, locale: LocaleRules) -> str:
    """Verbalize dates in digits or with a month's name."""
    if any(character.isdecimal() for character in text):
        if locale.lexicon.calendar.year_style == "digits":
            text = _CHINESE_YEAR.sub(lambda match: _chinese_year(match, locale), text)
        text = _NO_SPACE_BEFORE_YEAR.sub(", ", text)
        text = _TO_A_DATE.sub(rf"\1 {locale.lexicon.to} ", text)
        text = _ISO.sub(lambda match: _with_year(match, locale), text)
        text = _YEAR_FIRST.sub(lambda match: _with_year(match, locale), text)
        if locale.names.year_first:
            text = _YEAR_FIRST_DOTTED.sub(
                lambda match: match[0] if is_version(match) else _with_year(match, locale), text
            )
        if locale.lexicon.calendar.consumed_words:
            text = _consumed_after_digits(locale).sub(_without_consumed, text)
        text = _NUMERIC.sub(lambda match: _numeric_date(match, locale), text)
        if locale.lexicon.calendar.dotted_range:
            text = _dotted_range(locale).sub(lambda match: _with_months(match, locale), text)
        if locale.lexicon.calendar.dotted_day_month:
            text = _DOTTED_DAY.sub(lambda match: _dotted_date(match, locale), text)
        if locale.lexicon.calendar.slash_date_lead_words:
            text = _slash_date_pattern(locale).sub(lambda match: _slash_date(match, locale), text)
        text = verbalize_named_dates(text, locale)
    return text


def _chinese_year(match: re.Match[str], locale: LocaleRules) -> str:
    if match["first"]:
        return spoken_year(int(match["first"]), locale) + locale.lexicon.to
    return spoken_year(int(match[0]), locale)


def _with_year(match: re.Match[str], locale: LocaleRules) -> str:
    order: Order = "month" if locale.names.month_first else "day"
    date = CalendarDate(int(match["d"]), int(match["m"]), full_year(match["y"]), order=order)
    spoken = spoken_date(date, match, locale)
    return spoken + (", " if match.groupdict().get("t") else "")


def _numeric_date(match: re.Match[str], locale: LocaleRules) -> str:
    first, second = int(match["a"]), int(match["b"])
    if match["s"] and match["sign"] != ".":
        return match[0]
    if match["sign"] == "-" and len(match["y"]) < YEAR_DIGITS:
        return match[0]
    month_first = match["sign"] != "." and locale.names.month_first
    if match["sign"] != "." and (first > MONTHS or second > MONTHS):
        month_first = second > MONTHS
    if month_first:
        first, second = second, first
    order: Order = "month" if locale.names.month_first else "day"
    return spoken_date(
        CalendarDate(first, second, full_year(match["y"]), order=order), match, locale
    )


@functools.lru_cache(maxsize=MAX_LOCALES)
def _dotted_range(locale: LocaleRules) -> re.Pattern[str]:
    """Match two dates such as `10.12`, which would be decimal numbers without the words before them."""
    first, second = locale.lexicon.calendar.dotted_range
    date = r"(0?[1-9]|[12]\d|3[01])\.(0[1-9]|1[0-2])"
    return re.compile(
        rf"((?<!\w)(?i:{first}) ){date}\.?( (?:{second}) ){date}(?:\.(?=[ ,]))?(?![\w%\u00b0]|[.,]\d)"
    )


def _with_months(match: re.Match[str], locale: LocaleRules) -> str:
    lead, day, month, joint, last_day, last_month = match.groups()
    names = locale.names.months
    return f"{lead}{day} {names[int(month) - 1]}{joint}{last_day} {names[int(last_month) - 1]}"


def _dotted_date(match: re.Match[str], locale: LocaleRules) -> str:
    if match.end() == len(match.string) and not is_announced(match.string[: match.start()], locale):
        return match[0]  # It may be a decimal number at the end of a sentence.
    return spoken_date(CalendarDate(int(match["d"]), int(match["m"])), match, locale)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _slash_date_pattern(locale: LocaleRules) -> re.Pattern[str]:
    """Match `11/24` after a word that announces a date, or two of them with a dash between."""
    leads = "|".join(
        (*locale.lexicon.calendar.slash_date_lead_words, *locale.names.weekdays.values())
    )
    nouns = "|".join(locale.lexicon.fraction_nouns) or "(?!)"
    date, last = r"(?P<a>\d{1,2})/(?P<b>\d{1,2})", r"(?P<a2>\d{1,2})/(?P<b2>\d{1,2})"
    no_more = rf"(?![\w/%-]|[.,]\d| [%\u00b0=]| (?:{nouns})\b)"
    return re.compile(
        rf"(?:(?P<lead>(?<!\w)(?i:{leads}),? ){date}(?:{RANGE}{last})?|(?<![\w.,/-])"
        rf"{date.replace('a>', 'c>').replace('b>', 'e>')}{RANGE}{last.replace('a2', 'c2').replace('b2', 'e2')}){no_more}"
    )


def _slash_date(match: re.Match[str], locale: LocaleRules) -> str:
    pairs = [match.group(*names) for names in (("a", "b"), ("a2", "b2"), ("c", "e"), ("c2", "e2"))]
    lead = match["lead"] or ""
    spoken = []
    for first, second in pairs:
        if first is None:
            continue
        day, month = int(first), int(second)
        if month > MONTHS or (locale.names.month_first and day <= MONTHS):
            day, month = month, day
        if not (1 <= month <= MONTHS and 1 <= day <= DAYS):
            return match[0]
        order: Order = "month" if locale.names.month_first else "day"
        spoken.append(spoken_in(CalendarDate(day, month, order=order), lead, match, locale))
    return lead + f" {locale.lexicon.to} ".join(spoken)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _consumed_after_digits(locale: LocaleRules) -> re.Pattern[str]:
    words = "|".join(map(re.escape, locale.lexicon.calendar.consumed_words))
    return re.compile(
        rf"(?P<date>(?<![\w.])\d{{1,2}}\.\d{{1,2}}\.\d{{4}}) ?(?P<word>{words})(?!\w)"
    )


def _without_consumed(match: re.Match[str]) -> str:
    ends = match["word"][-1] == "." and match.end() == len(match.string)
    return match["date"] + "." * ends
