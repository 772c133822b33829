"""Lengths of time that are written with several short units, or with colons."""

from __future__ import annotations

import re

from wyoming_voice_stack.tts.spoken.notation import Figure
from wyoming_voice_stack.tts.spoken.tongue import Tongue

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
_COLONS = re.compile(
    rf"{_BEGIN}(?P<d>)?(?P<h>\d|00):(?P<m>[0-5]\d):(?P<s>[0-5]\d){_END}(?!\s?[ap]\.?m)"
)
"""An hour of two digits is a time of day."""


def say_durations(text: str, tongue: Tongue) -> str:
    """Say `1:30:00` and `2h 15min` with the names of the units."""
    for pattern in (*_MIXED, _COLONS):
        text = pattern.sub(lambda match: _said(match, tongue), text)
    return text


def _said(match: re.Match[str], tongue: Tongue) -> str:
    said = []
    for unit, digits in zip(_UNITS, match.group("d", "h", "m", "s"), strict=True):
        if not digits or not int(digits):
            continue
        counted = tongue.counted(Figure(str(int(digits))), unit)
        if counted is None:
            return match[0]
        said.append(counted)
    return " ".join(said) or match[0]
