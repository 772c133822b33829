"""Completes dates in shorthand, so that `verbalize_dates` recognizes them: `1.-3.12.`, `30 nov 2026`."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.dates_and_times.clock import NO_QUANTITY, word_pattern
from wyoming_voice_stack.tts.normalization.dates_and_times.spoken_dates import full_year
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules

_DAYS_OF_A_MONTH = re.compile(
    r"(?<![\w./-])(?P<first>[1-9]|[12]\d|3[01])\.\s?[-\u2013]\s?(?=(?P<last>[1-9]|[12]\d|3[01])\. ?(?P<m>0?[1-9]|1[0-2])\.)"
)
_ORDINALS = re.compile(r"(?<![\w./-])(?P<first>\d{1,2}\.)\s?[-\u2013]\s?(?=\d{1,2}\. [^\W\d_])")
"""The first of two ordinals: `die 3.-4. Klasse`."""
_SLASHED = r"(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])"
_CERTAIN = r"\d{1,2}/(?:0[1-9]|1[3-9]|2\d|3[01])"
"""A month and a day that are no fraction and no rating."""
_TIME_LEADS = (
    "through|until|till|since|from|between|bis|ab|seit|von|zwischen|depuis|jusqu['\u2019](?:en|\u00e0|au)|entre|desde|hasta|dal"
    "|entro|tra|at\u00e9|tot|sinds|vanaf|tussen|\u0434\u043e|\u0441"
)
_JOINTS = "to|and|und|bis|y|e|et|a|al|\u00e0|en|tot|[-\u2013]|\u043f\u043e|\u0434\u043e"
_MONTH_AND_YEAR = re.compile(
    rf"(?<!\w)(?P<lead>(?i:{_TIME_LEADS}) |20\d\d ?(?:{_JOINTS}) ?)(?P<m>0[1-9]|1[0-2])/(?P<y>20\d\d)(?![\w/-]|[.,]\d)"
)
"""Only behind words for a time, or behind such a month: `Heft 03/2026` is none."""
_EXPIRY = re.compile(
    r"(?<!\w)(?P<lead>(?i:expir(?:y|es|ation|ed)(?: date)?(?: is| on)?|exp\. date|exp|use by|best before|valid thru|g\u00fcltig bis|haltbar bis"
    r"|mhd|ablaufdatum|scad(?:enza|e)|caduca|caducidad|validade|v\u00e1lid[ao] at\u00e9|expire(?: en)?|houdbaar tot|geldig tot)(?:\.:?|:)? )"
    r"(?P<m>0[1-9]|1[0-2])/(?P<y>2[4-9]|3\d)(?![\w/-]|[.,]\d)"
)
"""The month on a bank card or a package: `exp. 12/27`."""
_OF = " de "
"""Between month and year in Spanish and Portuguese."""
_QUANTITY = r"(?:[Mm]eter|[Ll]iter|Mrd|Mio|mil|EUR|CHF|K\u010d|kWh?|Grad|lira|TL)\b"
"""What is counted by a decimal number behind a weekday: `am Montag 3.10 Meter`."""


def complete_dates(text: str, locale: LocaleRules) -> str:
    """Rewrite dates that lack a month or a full stop."""
    if not any(map(str.isdigit, text)):
        return text
    if locale.lexicon.calendar.dotted_day_month:
        text = _DAYS_OF_A_MONTH.sub(lambda match: _with_month(match, locale), text)
        text = _ORDINALS.sub(rf"\g<first> {locale.lexicon.to} ", text)
        text = _behind_weekday(locale).sub(r"\g<0>.", text)
    if "/" in text and locale.lexicon.calendar.year_style == "number" and locale.lexicon.spaced:
        for pattern in (_MONTH_AND_YEAR, _MONTH_AND_YEAR, _EXPIRY):
            text = pattern.sub(lambda match: _with_name(match, locale), text)
    if locale.names.month_first and "/" in text:
        text = _slashed(locale).sub(lambda match: match[0].replace(match["to"], "-"), text)
    if not locale.lexicon.calendar.unambiguous_abbreviations and locale.lexicon.spaced:
        text = _bare_month(locale).sub(r"\g<0>.", text)
    return text


def _with_name(match: re.Match[str], locale: LocaleRules) -> str:
    """Return the name of the month and the year: `valid through 03/2026`."""
    joint = _OF if _OF + "{year}" in locale.lexicon.calendar.date else " "
    month = locale.names.months[int(match["m"]) - 1]
    return f"{match['lead']}{month}{joint}{full_year(match['y'])}"


def _with_month(match: re.Match[str], locale: LocaleRules) -> str:
    if int(match["first"]) >= int(match["last"]):
        return f"{match['first']}. {locale.lexicon.to} "  # The first day is one of another month.
    return f"{match['first']}.{match['m']}. {locale.lexicon.to} "


@functools.lru_cache(maxsize=MAX_LOCALES)
def _behind_weekday(locale: LocaleRules) -> re.Pattern[str]:
    """Match a day and month behind a weekday, which would be a decimal number alone: `pon. 30.11`."""
    names = {*locale.names.weekdays, *map(str.lower, locale.names.weekdays.values())}
    days = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    words = "|".join((days, *locale.lexicon.calendar.dotted_leads))
    clock = locale.lexicon.clock
    no_time = f"(?!{word_pattern((*clock.consumed_words, *clock.hour_words), locale) or '(?!)'})"
    return re.compile(
        rf"(?<!\w)(?i:{words})\.?,? (?:0?[1-9]|[12]\d|3[01])\.(?:0[1-9]|1[0-2])(?![\w.:%\u00b0]|,\d| ?[-\u2013%\u00b0])"
        rf"{NO_QUANTITY}(?! ?{_QUANTITY}){no_time}"
    )


@functools.lru_cache(maxsize=MAX_LOCALES)
def _slashed(locale: LocaleRules) -> re.Pattern[str]:
    """Match `11/30 to 12/05`."""
    return re.compile(
        rf"(?<![\w.,/-])(?={_CERTAIN}|\S+ \w+ {_CERTAIN}){_SLASHED}(?P<to> {locale.lexicon.to} ){_SLASHED}(?![\w/%-]|[.,]\d)"
    )


@functools.lru_cache(maxsize=MAX_LOCALES)
def _bare_month(locale: LocaleRules) -> re.Pattern[str]:
    """Match a day and an abbreviated month before a year, or behind a weekday: `30 nov 2026`."""
    full = {name.lower() for name in locale.names.months}
    short = (name for name in locale.names.month_numbers if name not in full)
    months = "|".join(map(re.escape, sorted(short, key=len, reverse=True))) or "(?!)"
    days = "|".join(map(re.escape, sorted(locale.names.weekdays, key=len, reverse=True))) or "(?!)"
    return re.compile(
        rf"(?:(?<![\w.,])\d{{1,2}} (?i:{months}))(?= (?:19|20)\d\d(?!\w))"
        rf"|(?:(?<!\w)(?i:{days})\.?,? \d{{1,2}} (?i:{months}))(?![\w.])"
    )
