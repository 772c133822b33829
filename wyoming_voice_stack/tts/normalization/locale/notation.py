"""Number notation: decimal mark, thousands separators and Roman numerals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from wyoming_voice_stack.tts.normalization.locale.lexicon import Numbers

MAX_DIGITS = 15
"""Longer numbers are read digit by digit."""
AFTER = r"(?!\d|[.,]\d)"
"""Negative lookahead for the end of a number."""
_INDIAN = r"[1-9]\d?(?:,\d{2}){1,5},\d{3}(?!\d)"
"""Groups of two digits above the thousands: `1,00,000`."""
MINUS = "[-\u2212\u2012\u2013]"
WIDE_LETTER = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]"
"""Regular expression for a letter of a language that writes no space around numbers and names."""
RANGE = "\\s?[-\u2012\u2013\u2014\u2212]\\s?"

_ROMAN = re.compile(r"(?=[IVXLCDM])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_NO_NUMERALS = frozenset({"MIX", "DIX", "DVI", "CLI", "DIV", "MCI", "MDI"})
"""Words and abbreviations that would be numerals."""
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1_000}


@dataclass(frozen=True)
class WrittenNumber:
    """A number in plain digits, without its sign."""

    whole: str
    fraction: str = ""

    @property
    def is_too_long(self) -> bool:
        """Whether the number has more than `MAX_DIGITS` digits, and so is read digit by digit."""
        return len(self.whole) + len(self.fraction) > MAX_DIGITS

    @property
    def value(self) -> Decimal:
        """The numeric value."""
        return Decimal(f"{self.whole}.{self.fraction}" if self.fraction else self.whole)


def number_pattern(numbers: Numbers) -> str:
    """Return a regular expression without capturing groups for a number in digits."""
    alternatives = [_foreign(numbers), r"\d+(?:[.,]\d+)?"]
    if numbers.groups:
        alternatives.insert(0, _grouped(numbers))
    return f"(?:{'|'.join(alternatives)})"


def _grouped(numbers: Numbers) -> str:
    group = rf"[{re.escape(numbers.groups)}]\d{{3}}"
    thousands = rf"[1-9]\d{{0,2}}(?:{group}){{1,6}}(?!\d|{group}(?!\d))"
    if "," in numbers.groups:
        thousands = rf"(?:{thousands}|{_INDIAN})"
    return rf"{thousands}(?:{re.escape(numbers.decimal)}\d+)?"


def _foreign(numbers: Numbers) -> str:
    """Match what is only a number in another notation: German `1,234.56`, English `1.234,56`, `1'234.50`."""
    group, decimal = (",", r"\.") if numbers.decimal == "," else (r"\.", ",")
    begin = r"[1-9]\d{0,2}"
    return rf"{begin}(?:{group}\d{{3}}){{1,6}}{decimal}\d{{1,6}}|{begin}(?:['\u2019]\d{{3}}){{1,6}}(?!\d)(?:[.,]\d{{1,2}})?"


def parse_number(written: str, numbers: Numbers) -> WrittenNumber:
    """Parse a number that `number_pattern` matched.

    A single comma or full stop is the decimal mark in any language, unless it separates thousands.
    """
    if numbers.groups and re.fullmatch(_grouped(numbers), written):
        whole, _, fraction = written.partition(numbers.decimal)
        return WrittenNumber(
            "".join(character for character in whole if character.isdecimal()), fraction
        )
    if re.fullmatch(_foreign(numbers), written):
        marks = re.findall(r"[.,'\u2019]", written)
        has_fraction = marks[-1] != marks[0] or marks[-1] in ".,"
        whole, _, fraction = written.rpartition(marks[-1]) if has_fraction else (written, "", "")
        return WrittenNumber("".join(filter(str.isdecimal, whole)), fraction)
    whole, _, fraction = written.replace(",", ".").partition(".")
    return WrittenNumber(whole, fraction)


def parse_roman(written: str) -> int | None:
    """Return the value of a Roman numeral below 4000, or None if it is malformed."""
    if written in _NO_NUMERALS or not _ROMAN.fullmatch(written):
        return None
    values = [_ROMAN_VALUES[letter] for letter in written]
    following = [*values[1:], 0]
    return sum(
        -value if value < after else value for value, after in zip(values, following, strict=True)
    )
