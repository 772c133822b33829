"""Dates in words: the template of a language with its day, month and year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from wyoming_voice_stack.tts.normalization.dates_and_times.day_forms import day_form, last_word
from wyoming_voice_stack.tts.normalization.locale.locale_rules import LocaleRules

Order = Literal["day", "month"]

MONTHS, DAYS, YEAR_DIGITS = 12, 31, 4
_THIS_CENTURY = 70
"""Two-digit years below this are in the 2000s."""


@dataclass(frozen=True)
class CalendarDate:
    """A day, or the days from `day` to `last_day`; `order` is how it was written."""

    day: int
    month: int
    year: int | None = None
    last_day: int | None = None
    order: Order = "day"


def full_year(digits: str) -> int:
    """Return the year that two or four digits stand for."""
    if len(digits) == YEAR_DIGITS:
        return int(digits)
    return int(digits) + (2000 if int(digits) < _THIS_CENTURY else 1900)


def spoken_date(date: CalendarDate, match: re.Match[str], locale: LocaleRules) -> str:
    """Return the date in words, or the match unchanged if there is no such day."""
    days = [day for day in (date.day, date.last_day) if day is not None]
    if not (1 <= date.month <= MONTHS and all(1 <= day <= DAYS for day in days)):
        return match[0]
    return spoken_in(date, match.string[: match.start()], match, locale)


def spoken_in(date: CalendarDate, before: str, match: re.Match[str], locale: LocaleRules) -> str:
    """Return a date that exists in words; `before` decides on the form of its day."""
    calendar = locale.lexicon.calendar
    days = [day for day in (date.day, date.last_day) if day is not None]
    form = day_form(before, locale)
    spoken = f" {locale.lexicon.to} ".join(spoken_day(day, form, locale) for day in days)
    template = calendar.day_month if date.year is None else calendar.date
    if calendar.day_first and date.order == "day":
        template = calendar.day_first + ("" if date.year is None else ", {year}")
        if last_word(before) == "the" or " of " in match[0]:
            template = template.removeprefix("the ")
    return template.format(
        day=spoken,
        month=locale.names.months[date.month - 1],
        year="" if date.year is None else spoken_year(date.year, locale),
    )


def spoken_day(day: int, form: str, locale: LocaleRules) -> str:
    """Return the day of a month in words, in a form of the lexicon's numbers."""
    calendar = locale.lexicon.calendar
    if day == 1 and calendar.first:
        return calendar.first
    if calendar.day == "cardinal":
        return locale.numerals.cardinal(day, form)
    suffix = calendar.suffixes.get(str(day)) or calendar.suffixes.get(str(day % 10), "")
    return locale.numerals.ordinal(day, form) + suffix


def spoken_year(year: int, locale: LocaleRules) -> str:
    """Return the year of a date in words."""
    calendar = locale.lexicon.calendar
    if calendar.year_style == "digits":
        spoken = locale.numerals.digits(str(year)).replace(" ", "")
    elif calendar.year_style == "ordinal":
        spoken = locale.numerals.ordinal(year, calendar.day_form)
    else:
        spoken = locale.numerals.year(year)
    return calendar.year.format(year=spoken)
