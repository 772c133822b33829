"""Calendar dates, in every notation that can only be a date."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Literal

from wyoming_voice_stack.tts.normalization.dates_and_times.day_forms import (
    day_form,
    is_announced,
    last_word,
)
from wyoming_voice_stack.tts.normalization.dates_and_times.release_versions import is_version
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import RANGE, WIDE_LETTER

Order = Literal["day", "month"]

_MONTHS, _DAYS, _YEAR_DIGITS = 12, 31, 4
_THIS_CENTURY = 70
"""Two-digit years below this are in the 2000s."""
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


@dataclass(frozen=True)
class _Date:
    day: int
    month: int
    year: int | None = None
    last_day: int | None = None
    order: Order = "day"


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
        if locale.lexicon.calendar.day_joints:
            text = _joined_days(locale).sub(lambda match: _joined_day(match, locale), text)
        for pattern in _named_date_patterns(locale):
            text = pattern.sub(lambda match: _named_date(match, locale), text)
    return text


def _chinese_year(match: re.Match[str], locale: LocaleRules) -> str:
    if match["first"]:
        return _year(int(match["first"]), locale) + locale.lexicon.to
    return _year(int(match[0]), locale)


def _with_year(match: re.Match[str], locale: LocaleRules) -> str:
    order: Order = "month" if locale.names.month_first else "day"
    date = _Date(int(match["d"]), int(match["m"]), _full_year(match["y"]), order=order)
    spoken = _verbalize_date(date, match, locale)
    return spoken + (", " if match.groupdict().get("t") else "")


def _numeric_date(match: re.Match[str], locale: LocaleRules) -> str:
    first, second = int(match["a"]), int(match["b"])
    if match["s"] and match["sign"] != ".":
        return match[0]
    if match["sign"] == "-" and len(match["y"]) < _YEAR_DIGITS:
        return match[0]
    month_first = match["sign"] != "." and locale.names.month_first
    if match["sign"] != "." and (first > _MONTHS or second > _MONTHS):
        month_first = second > _MONTHS
    if month_first:
        first, second = second, first
    order: Order = "month" if locale.names.month_first else "day"
    return _verbalize_date(_Date(first, second, _full_year(match["y"]), order=order), match, locale)


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
    return _verbalize_date(_Date(int(match["d"]), int(match["m"])), match, locale)


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
        if month > _MONTHS or (locale.names.month_first and day <= _MONTHS):
            day, month = month, day
        if not (1 <= month <= _MONTHS and 1 <= day <= _DAYS):
            return match[0]
        order: Order = "month" if locale.names.month_first else "day"
        spoken.append(_fill_template(_Date(day, month, order=order), lead, match, locale))
    return lead + f" {locale.lexicon.to} ".join(spoken)


def _named_date(match: re.Match[str], locale: LocaleRules) -> str:
    found = match.groupdict()
    month = locale.names.month_numbers.get(match["month"].lower().rstrip("."))
    if month is None:
        return match[0]
    year = int(found["y"]) if found.get("y") else None
    if not match["d"]:
        return f"{locale.names.months[month - 1]} {locale.numerals.year(year or 0)}"
    last = int(found["last"]) if found.get("last") else None
    order: Order = "month" if match.start("month") < match.start("d") else "day"
    return _verbalize_date(_Date(int(match["d"]), month, year, last, order), match, locale)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _joined_days(locale: LocaleRules) -> re.Pattern[str]:
    """Match a day before another day of the same month."""
    joints = "|".join(locale.lexicon.calendar.day_joints)
    return re.compile(
        rf"{locale.before}(?P<d>\d{{1,2}})\.?(?=(?:, ?\d{{1,2}}\.?)*,? (?:{joints}) \d{{1,2}}\.? {_month_pattern(locale)})"
    )


def _joined_day(match: re.Match[str], locale: LocaleRules) -> str:
    day = int(match["d"])
    if not 1 <= day <= _DAYS:
        return match[0]
    return _day(day, day_form(match.string[: match.start()], locale), locale)


def _full_year(digits: str) -> int:
    if len(digits) == _YEAR_DIGITS:
        return int(digits)
    return int(digits) + (2000 if int(digits) < _THIS_CENTURY else 1900)


def _verbalize_date(date: _Date, match: re.Match[str], locale: LocaleRules) -> str:
    """Return the date in words, or the match unchanged if there is no such day."""
    days = [day for day in (date.day, date.last_day) if day is not None]
    if not (1 <= date.month <= _MONTHS and all(1 <= day <= _DAYS for day in days)):
        return match[0]
    return _fill_template(date, match.string[: match.start()], match, locale)


def _fill_template(date: _Date, before: str, match: re.Match[str], locale: LocaleRules) -> str:
    calendar = locale.lexicon.calendar
    days = [day for day in (date.day, date.last_day) if day is not None]
    form = day_form(before, locale)
    spoken = f" {locale.lexicon.to} ".join(_day(day, form, locale) for day in days)
    template = calendar.day_month if date.year is None else calendar.date
    if calendar.day_first and date.order == "day":
        template = calendar.day_first + ("" if date.year is None else ", {year}")
        if last_word(before) == "the" or " of " in match[0]:
            template = template.removeprefix("the ")
    return template.format(
        day=spoken,
        month=locale.names.months[date.month - 1],
        year="" if date.year is None else _year(date.year, locale),
    )


def _day(day: int, form: str, locale: LocaleRules) -> str:
    calendar = locale.lexicon.calendar
    if day == 1 and calendar.first:
        return calendar.first
    if calendar.day == "cardinal":
        return locale.numerals.cardinal(day, form)
    suffix = calendar.suffixes.get(str(day)) or calendar.suffixes.get(str(day % 10), "")
    return locale.numerals.ordinal(day, form) + suffix


def _year(year: int, locale: LocaleRules) -> str:
    calendar = locale.lexicon.calendar
    if calendar.year_style == "digits":
        spoken = locale.numerals.digits(str(year)).replace(" ", "")
    elif calendar.year_style == "ordinal":
        spoken = locale.numerals.ordinal(year, calendar.day_form)
    else:
        spoken = locale.numerals.year(year)
    return calendar.year.format(year=spoken)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _consumed_after_digits(locale: LocaleRules) -> re.Pattern[str]:
    words = "|".join(map(re.escape, locale.lexicon.calendar.consumed_words))
    return re.compile(
        rf"(?P<date>(?<![\w.])\d{{1,2}}\.\d{{1,2}}\.\d{{4}}) ?(?P<word>{words})(?!\w)"
    )


def _without_consumed(match: re.Match[str]) -> str:
    ends = match["word"][-1] == "." and match.end() == len(match.string)
    return match["date"] + "." * ends


@functools.lru_cache(maxsize=MAX_LOCALES)
def _named_date_patterns(locale: LocaleRules) -> tuple[re.Pattern[str], ...]:
    """Return the patterns for dates with the name of a month."""
    calendar = locale.lexicon.calendar
    if not locale.lexicon.spaced:
        return ()
    month = _month_pattern(locale)
    between = rf" (?:(?:{calendar.between}) )?" if calendar.between else " "
    ending = r"(?:st|nd|rd|th|er|º|°|ª|\.)?"
    year = rf"(?:,?{between}(?P<y>\d{{4}})(?![\w:]|[.,]\d)"
    if calendar.consumed_words:
        year += rf"(?: (?:{'|'.join(map(re.escape, calendar.consumed_words))})(?!\w))?"
    year += ")?"
    day = rf"{locale.before}(?P<d>\d{{1,2}}){ending}(?:{RANGE}(?P<last>\d{{1,2}}){ending})?"
    patterns = [rf"{day}{between}(?P<month>{month}){year}"]
    if calendar.date.startswith("{year}"):
        patterns = [
            rf"(?<!\w)(?P<y>\d{{4}})\.? (?P<month>{month}) (?P<d>\d{{1,2}})(?![\w-])(?:\.(?= [a-z]))?"
        ]
    if calendar.month_first:
        last = rf"(?:{RANGE}(?P<last>\d{{1,2}})(?:st|nd|rd|th)?(?!\w))?"
        no_more = r"(?![\w:%°]|[.,]\d|-[^\W\d])"
        patterns.append(
            rf"(?<!\w)(?P<month>{month}) (?:the )?(?P<d>\d{{1,2}})(?:st|nd|rd|th|\.(?= ?\w))?{no_more}{last}{year}"
        )
        patterns.append(rf"(?<!\w)(?P<month>{month}) (?P<d>)?(?P<y>[12]\d{{3}}){no_more}")
    return tuple(re.compile(pattern) for pattern in patterns)


def _month_pattern(locale: LocaleRules) -> str:
    """Match full month names in the language's own case, and abbreviations where unambiguous."""
    full = {name.lower() for name in locale.names.months}
    unambiguous = locale.lexicon.calendar.unambiguous_abbreviations
    names = sorted(locale.names.month_numbers, key=len, reverse=True)
    alternatives = []
    for name in names:
        written = re.escape(name.title() if unambiguous else name)
        stop = r"\.?(?!\w)" if unambiguous else r"\."
        alternatives.append(rf"{written}(?!\w)" if name in full else written + stop)
    pattern = "|".join(alternatives)
    return pattern if unambiguous else f"(?i:{pattern})"
