"""Lengths of time that are written with several short units, or with colons."""

from __future__ import annotations

import functools
import re

from wyoming_voice_stack.tts.normalization.dates.clock import absorbed
from wyoming_voice_stack.tts.normalization.locale.locale_rules import MAX_TONGUES, LocaleRules
from wyoming_voice_stack.tts.normalization.locale.notation import Figure

_UNITS = ("duration-day", "duration-hour", "duration-minute", "duration-second")
_END = r"(?![\w:]|[.,]\d)"
_BEGIN = r"(?<![\w:.,/-])"
_MIXED = (
    re.compile(
        rf"{_BEGIN}(?:(?P<d>\d{{1,3}})\s?d\s?)?(?P<h>\d{{1,3}})\s?h(?:rs?)?\s?(?P<m>\d{{1,2}})\s?m(?:ins?)?"
        rf"(?:\s?(?P<s>\d{{1,2}})\s?s(?:ec)?)?{_END}",
    ),
    re.compile(
        rf"{_BEGIN}(?P<d>)?(?P<h>)?(?P<m>\d{{1,3}})\s?m(?:ins?)?\s?(?P<s>\d{{1,2}})\s?s(?:ec)?{_END}"
    ),
    re.compile(rf"{_BEGIN}(?P<d>\d{{1,3}})\s?d\s(?P<h>\d{{1,2}})\s?h(?P<m>)?(?P<s>)?{_END}"),
)
_COLONS = rf"{_BEGIN}(?P<d>)?(?P<h>\d|00):(?P<m>[0-5]\d):(?P<s>[0-5]\d){_END}(?!\s?[ap]\.?m)"
"""An hour of two digits is a time of day."""
_HOURS = rf"{_BEGIN}(?P<d>)?(?P<h>\d{{1,2}}):(?P<m>[0-5]\d)(?P<s>)?"
_LAST_WORD = re.compile(r"([^\W\d_]+) $")


def say_durations(text: str, locale: LocaleRules) -> str:
    """Say `1:30:00` and `2h 15min` with the names of the units."""
    for pattern in _MIXED:
        text = pattern.sub(lambda match: _said(match, locale), text)
    for pattern in _with_colons(locale):
        text = pattern.sub(lambda match: _unless_of_day(match, locale), text)
    return text


@functools.lru_cache(maxsize=MAX_TONGUES)
def _with_colons(locale: LocaleRules) -> tuple[re.Pattern[str], ...]:
    clock = locale.lexicon.clock
    of_day = absorbed((*clock.absorbs, *clock.hour_words), locale) or "(?!)"
    patterns = [rf"{_COLONS}(?!{of_day})"]
    if clock.lengths:
        patterns.append(f"{_HOURS}{absorbed(clock.lengths, locale)}{_END}")
    return tuple(re.compile(pattern) for pattern in patterns)


def _unless_of_day(match: re.Match[str], locale: LocaleRules) -> str:
    """`at 1:05:23` is a time of day."""
    before = _LAST_WORD.search(match.string, max(match.start() - 12, 0), match.start())
    if before is not None and before[1].lower() in locale.lexicon.clock.leads:
        return match[0]
    return _said(match, locale)


def _said(match: re.Match[str], locale: LocaleRules) -> str:
    said = []
    for unit, digits in zip(_UNITS, match.group("d", "h", "m", "s"), strict=True):
        if not digits or not int(digits):
            continue
        counted = locale.counted(Figure(str(int(digits))), unit)
        if counted is None:
            return match[0]
        said.append(counted)
    return " ".join(said) or match[0]
