"""Timestamps in ISO 8601 and similar formats: `2026-11-24 00:50:12`.

After a date, `00:50:12` is a time of day; alone, it is a duration.
"""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.dates_and_times.clock import time_of_day, word_pattern
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_LOCALES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import WIDE_LETTER

_DATE = (
    r"\d{4}-\d\d-\d\d|\d{4}/\d{1,2}/\d{1,2}|\d{1,2}\. ?\d{1,2}\. ?\d{4}|\d{1,2}/\d{1,2}/\d{4}"
    r"|\d{1,2}-\d{1,2}-\d{4}"
)
_SECONDS = r":(?P<s>[0-5]\d)(?:[.,]\d{1,9})?"
_ZONE = r"(?:\s?(?P<zone>Z|[+-]\d\d(?::?\d\d)?))?"
_UTC = "U T C"


def verbalize_timestamps(text: str, locale: LocaleRules) -> str:
    """Verbalize the time of day of a timestamp; its date is left to `verbalize_dates`."""
    return (
        _pattern(locale).sub(lambda match: _verbalize(match, locale), text) if ":" in text else text
    )


@functools.lru_cache(maxsize=MAX_LOCALES)
def _pattern(locale: LocaleRules) -> re.Pattern[str]:
    time = rf"(?P<h>[01]?\d|2[0-3]):(?P<m>[0-5]\d)(?:(?<=T\d\d:\d\d)(?!:)|{_SECONDS}){_ZONE}"
    words = word_pattern(locale.lexicon.clock.consumed_words, locale)
    no_more = r"(?![\w:]|[.,]\d|\s?[ap]\.?m\b)" if locale.lexicon.spaced else r"(?![:\d])"
    return re.compile(
        rf"(?:(?<![\w.-])|(?<={WIDE_LETTER}))(?P<date>{_DATE})(?P<gap>T|,? ){time}(?:{words})?{no_more}",
        re.IGNORECASE,
    )


def _verbalize(match: re.Match[str], locale: LocaleRules) -> str:
    spoken = time_of_day(match["h"], match["m"], match["s"], match["date"], locale)
    if spoken is None:
        return match[0]
    gap = ", " if match["gap"] in "Tt" else match["gap"]
    return f"{match['date']}{gap}{spoken}{_zone(match['zone'] or '', locale)}"


def _zone(written: str, locale: LocaleRules) -> str:
    if not written:
        return ""
    digits = written.replace(":", "")
    hours, minutes = int(digits[1:3] or 0), int(digits[3:] or 0)
    if not hours and not minutes:
        return f" {_UTC}"
    sign = locale.lexicon.minus if digits[0] == "-" else locale.sign("plus") or "+"
    spoken = f" {_UTC} {sign} {locale.numerals.cardinal(hours)}"
    return spoken + (f" {locale.numerals.cardinal(minutes)}" if minutes else "")
