"""Parts of a lexicon that concern times of day, dates and years."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from wyoming_voice_stack.tts.normalization.locale.number_context import Plurals


class _TimeEntry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Clock(_TimeEntry):
    """Templates for times of day; `{hour}` is the number, `{hours}` includes the word for hours."""

    hour: str
    """On the hour."""
    single_digit_minute: str | None = None
    """For minutes 1 to 9; default: `full`."""
    full: str
    form: str = "plain"
    form_up_to: int = 24
    hour_nouns: dict[str, Plurals] = {}
    """`{hours}` by a form of `after` that differs from the nominative."""
    after: dict[str, tuple[str, ...]] = {}
    """Form of the hour, by the words that require it."""
    twelve_hours: bool = False
    converts_half_days: bool = True
    """Whether `7:30 PM` is spoken as `19:30`, in a language without a 12-hour clock."""
    marks: str = ":"
    """Separators between hour and minute."""
    dotted_marks: tuple[str, ...] = ()
    """Words next to a time that is written with a full stop."""
    dotted_leads: tuple[str, ...] = ()
    """Words that say the same, but only before it."""
    not_dotted_before: tuple[str, ...] = ()
    """Beginnings of words behind a number with a full stop that is no time."""
    consumed_words: tuple[str, ...] = ()
    """Words after hour and minute that the templates already contain."""
    hour_words: tuple[str, ...] = ()
    """Words that make a bare hour a time of day; the templates already contain them."""
    range: str = ""
    """Template for two times with a dash between; by default, the word between numbers stands there."""
    range_lead: str = ""
    """Word before two times with a dash between, if the text has none that requires a form of `after`."""
    range_to: str = ""
    """Word between the two times; by default, the one between numbers."""
    joins_hours: bool = False
    """Whether the word for hours is spoken once in a range: `deux à trois heures`."""
    timer_words: tuple[str, ...] = ()
    """Words near `0:45` that make it seconds: regular expressions."""
    range_between: tuple[str, ...] = ()
    """Words behind two times with which the word between numbers stands there all the same."""
    consumed_minute_words: tuple[str, ...] = ()
    """Words after the minute that the templates already contain."""
    hour_lead_words: tuple[str, ...] = ()
    """Words after which an hour with `h` is a time of day, not a duration."""
    duration_words: tuple[str, ...] = ()
    """Words that make a preceding `1:30` a duration."""
    lead_words: tuple[str, ...] = ()
    """Words after which a time with colons is a time of day, not a duration."""


class YearCase(_TimeEntry):
    """The grammatical case of a year, by the noun behind it and the words before it."""

    written: tuple[str, ...]
    """The noun as it is written, or its abbreviation."""
    spoken: str
    after: tuple[str, ...] = ()
    """Words before the year; without any, the case holds for all others."""
    endings: tuple[tuple[str, str], ...] = ()
    """Endings of an ordinal in the genitive and those in their place; the first that fits is used."""


class YearSpan(_TimeEntry):
    """The form of two years with a dash between and a noun behind them."""

    written: tuple[str, ...]
    spoken: str
    form: str
    """Form of both ordinals."""
    after: tuple[str, ...] = ()
    """Words before the years; without any, the form holds for all others."""


class Calendar(_TimeEntry):
    """Templates for dates, and how dates are written."""

    date: str
    """With `{day}`, `{month}` and `{year}`."""
    day_month: str
    day: Literal["cardinal", "ordinal"] = "cardinal"
    day_form: str = "plain"
    day_forms: dict[str, tuple[str, ...]] = {}
    """Form of the day, by the words before it that require another than `day_form`."""
    day_joints: tuple[str, ...] = ()
    """Words between two days of one month."""
    first: str | None = None
    """The first day of a month, where it is irregular."""
    suffixes: dict[str, str] = {}
    """Suffix of the day, by its number, else by its last digit."""
    month_first: bool = False
    """Whether `November 23` is written."""
    day_first: str | None = None
    """Template for a day and month in this order, where it is not the usual one."""
    dotted_day_month: bool = False
    """Whether `23.11.` is a date."""
    dotted_leads: tuple[str, ...] = ()
    """Words before a day and month without the last full stop: Polish `dnia 30.11`."""
    unambiguous_abbreviations: bool = False
    """Whether abbreviated months and weekdays are recognized without a full stop."""
    weekday_joints: tuple[str, ...] = ()
    """Words between two abbreviated weekdays: Spanish `de lun. a vie.`"""
    weekday_leads: tuple[str, ...] = ()
    """Words before an abbreviated weekday with a full stop, which the sentence goes on after: `am Mo. regnet es`."""
    consumed_words: tuple[str, ...] = ()
    """Words after the year that the templates already contain."""
    year: str = "{year}"
    year_style: Literal["number", "ordinal", "digits"] = "number"
    abbreviations: tuple[tuple[str, ...], ...] = ()
    """Abbreviations of January to December that CLDR lacks."""
    between: str = ""
    """Words allowed between day, month and year."""
    slash_date_lead_words: tuple[str, ...] = ()
    """Words after which `24/11` is a day and a month."""
    dotted_range: tuple[str, ...] = ()
    """Words before the first and the second of two dates that are written as `10.12`: regular expressions."""
    year_spans: tuple[YearSpan, ...] = ()
    """The first that fits is used."""
    year_words: tuple[str, ...] = ()
    """Words after which a number is a year."""
    year_forms: dict[str, tuple[str, ...]] = {}
    """Form of a year without a noun behind it, by the words before it."""
    era: str = ""
    """Pattern of what makes a number of up to three digits a year, behind its noun: `44 r. p.n.e.`."""
    year_cases: tuple[YearCase, ...] = ()
    """The cases of a year that has a noun behind it; the first that fits is used."""
