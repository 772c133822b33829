"""Dates with the name of a month: `3. Mai`, `May 3rd, 2026`."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.dates_and_times.day_forms import day_form
from wyoming_voice_stack.tts.normalization.dates_and_times.spoken_dates import (
    DAYS,
    CalendarDate,
    Order,
    spoken_date,
    spoken_day,
)
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import RANGE


def verbalize_named_dates(text: str, locale: LocaleRules) -> str:
    """Verbalize dates with the name of a month."""
    if locale.lexicon.calendar.day_joints:
        text = _joined_days(locale).sub(lambda match: _joined_day(match, locale), text)
    for pattern in _named_date_patterns(locale):
        text = pattern.sub(lambda match: _named_date(match, locale), text)
    return text


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
    return spoken_date(CalendarDate(int(match["d"]), month, year, last, order), match, locale)


@functools.lru_cache(maxsize=MAX_LOCALES)
def _joined_days(locale: LocaleRules) -> re.Pattern[str]:
    """Match a day before another day of the same month."""
    joints = "|".join(locale.lexicon.calendar.day_joints)
    return re.compile(
        rf"{locale.before}(?P<d>\d{{1,2}})\.?(?=(?:, ?\d{{1,2}}\.?)*,? (?:{joints}) \d{{1,2}}\.? {_month_pattern(locale)})"
    )


def _joined_day(match: re.Match[str], locale: LocaleRules) -> str:
    day = int(match["d"])
    if not 1 <= day <= DAYS:
        return match[0]
    return spoken_day(day, day_form(match.string[: match.start()], locale), locale)


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
