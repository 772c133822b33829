"""How numbers are written in a language: decimal mark, thousands, Roman figures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from wyoming_voice_stack.tts.normalization.locale.lexicon import Numbers

MAX_DIGITS = 15
"""A longer number is said digit by digit."""
AFTER = r"(?!\d|[.,]\d)"
"""What may not follow a number."""
MINUS = "[-\u2212\u2012\u2013]"
RANGE = "\\s?[-\u2012\u2013\u2014\u2212]\\s?"

_ROMAN = re.compile(r"(?=[IVXL])(?:XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50}


@dataclass(frozen=True)
class Figure:
    """A number in plain digits, without its sign."""

    whole: str
    fraction: str = ""

    @property
    def is_long(self) -> bool:
        """Whether it is too long to be a quantity, and is said digit by digit."""
        return len(self.whole) + len(self.fraction) > MAX_DIGITS

    @property
    def value(self) -> Decimal:
        """What it is worth."""
        return Decimal(f"{self.whole}.{self.fraction}" if self.fraction else self.whole)


def figure_pattern(numbers: Numbers) -> str:
    """Return a regular expression, without groups that capture, for a number's digits."""
    alternatives = [r"\d+(?:[.,]\d+)?"]
    if numbers.groups:
        alternatives.insert(0, _grouped(numbers))
    return f"(?:{'|'.join(alternatives)})"


def _grouped(numbers: Numbers) -> str:
    thousands = rf"[1-9]\d{{0,2}}(?:[{re.escape(numbers.groups)}]\d{{3}}){{1,6}}(?!\d)"
    return rf"{thousands}(?:{re.escape(numbers.decimal)}\d+)?"


def read_figure(written: str, numbers: Numbers) -> Figure:
    """Take apart what `figure_pattern` has matched.

    A lone mark is the decimal mark whichever it is, unless it stands between thousands.
    """
    if numbers.groups and re.fullmatch(_grouped(numbers), written):
        whole, _, fraction = written.partition(numbers.decimal)
        return Figure("".join(character for character in whole if character.isdecimal()), fraction)
    whole, _, fraction = written.replace(",", ".").partition(".")
    return Figure(whole, fraction)


def read_roman(written: str) -> int | None:
    """Return what a Roman numeral below 50 stands for; None if it is not well formed."""
    if not _ROMAN.fullmatch(written):
        return None
    values = [_ROMAN_VALUES[letter] for letter in written]
    following = [*values[1:], 0]
    return sum(
        -value if value < after else value for value, after in zip(values, following, strict=True)
    )
