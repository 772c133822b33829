"""A date and a time of day together, as programs write them: `2026-11-24 00:50:12`.

After a date, `00:50:12` is a time of day; alone, it is a length of time.
"""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.dates.clock import absorbed, time_of_day
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_TONGUES, LocaleRules

_DATE = (
    r"\d{4}-\d\d-\d\d|\d{4}/\d{1,2}/\d{1,2}|\d{1,2}\. ?\d{1,2}\. ?\d{4}|\d{1,2}/\d{1,2}/\d{4}"
    r"|\d{1,2}-\d{1,2}-\d{4}"
)
_SECONDS = r":(?P<s>[0-5]\d)(?:[.,]\d{1,9})?"
_ZONE = r"(?:\s?(?P<zone>Z|[+-]\d\d(?::?\d\d)?))?"
_UTC = "U T C"


def say_timestamps(text: str, locale: LocaleRules) -> str:
    """Say the time of day; the date before it stays as it is written."""
    return _pattern(locale).sub(lambda match: _said(match, locale), text) if ":" in text else text


@functools.lru_cache(maxsize=MAX_TONGUES)
def _pattern(locale: LocaleRules) -> re.Pattern[str]:
    time = rf"(?P<h>[01]?\d|2[0-3]):(?P<m>[0-5]\d)(?:(?<=T\d\d:\d\d)(?!:)|{_SECONDS}){_ZONE}"
    words = absorbed(locale.lexicon.clock.absorbs, locale)
    no_more = r"(?![\w:]|[.,]\d|\s?[ap]\.?m\b)" if locale.lexicon.spaced else r"(?![:\d])"
    return re.compile(
        rf"(?<![\w.-])(?P<date>{_DATE})(?P<gap>T|,? ){time}(?:{words})?{no_more}", re.IGNORECASE
    )


def _said(match: re.Match[str], locale: LocaleRules) -> str:
    said = time_of_day(match["h"], match["m"], match["s"], match["date"], locale)
    if said is None:
        return match[0]
    gap = ", " if match["gap"] in "Tt" else match["gap"]
    return f"{match['date']}{gap}{said}{_zone(match['zone'] or '', locale)}"


def _zone(written: str, locale: LocaleRules) -> str:
    if not written:
        return ""
    digits = written.replace(":", "")
    hours, minutes = int(digits[1:3] or 0), int(digits[3:] or 0)
    if not hours and not minutes:
        return f" {_UTC}"
    sign = locale.lexicon.minus if digits[0] == "-" else locale.sign("plus") or "+"
    said = f" {_UTC} {sign} {locale.numerals.cardinal(hours)}"
    return said + (f" {locale.numerals.cardinal(minutes)}" if minutes else "")
