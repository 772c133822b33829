"""Numbers with a full stop: ordinals, dates and house numbers."""

from __future__ import annotations

import re

from wyoming_voice_stack.tts.text.full_stops.abbreviation_words import (
    GERMAN_DETERMINERS,
    ORDINAL_LEADS,
    ORDINAL_NOUNS,
    STARTERS_BEHIND_NUMBERS,
)
from wyoming_voice_stack.tts.text.full_stops.next_word import (
    STARTERS,
    begins_with_none_of,
    begins_with_one_of,
)

_LEADS = frozenset(ORDINAL_LEADS.split())
_DETERMINERS = frozenset(GERMAN_DETERMINERS.split())
_STARTERS = STARTERS | frozenset(STARTERS_BEHIND_NUMBERS.split())
_NOUNS = frozenset(ORDINAL_NOUNS.split())
_BEFORE_HUNDREDS = (_LEADS | _DETERMINERS) - {"bis", "im"}
_MONTHS = ("jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez")
_MONTH_LETTERS = 3

_SERIES = re.compile(r"(?<!\w)\d{1,2}\.(?:,? (?:und|oder|sowie|bis)|,|/|\s?[-\u2013])\s*$")
"""The previous ordinal of a list of ordinals."""
_HOUSE_NUMBER = re.compile(r"(?<!\w)(?:no|nr|num):\s*$", re.IGNORECASE)
"""The end of a line before a number that ends it: Turkish `No: 5.`"""
_LISTED = (":", ",", ";", "(")
_SMALL = re.compile(r"(?<![\w.,:])\d{1,2}$")
_HUNDREDS = re.compile(r"(?<![\w.,:])(?:(?!11[02])\d{3}|[1-9]000)$")
"""Three digits or full thousands, but no telephone number of the police or the fire brigade."""


def number_ends_sentence(stem: str, after: str) -> bool | None:
    """Return whether the full stop behind a number, which ends `stem`, ends the sentence.

    None if more must be seen.
    """
    if number := _SMALL.search(stem):
        return _small_number_ends(stem[: number.start()], after)
    number = _HUNDREDS.search(stem)
    before_number = stem[: number.start()] if number else ""
    if _SERIES.search(before_number):
        return False
    words = before_number.split()
    if not words or words[-1].lower() not in _BEFORE_HUNDREDS:
        return True
    return begins_with_one_of(_STARTERS, after)


def _small_number_ends(before_number: str, after: str) -> bool | None:
    words = before_number.split()
    if _HOUSE_NUMBER.search(before_number) and after[0].isupper():
        return True
    is_listed = _SERIES.search(before_number) or before_number.rstrip().endswith(_LISTED)
    if is_listed or not words or after[0].isdigit():
        return False
    if words[-1].lower() in _LEADS | _DETERMINERS:
        return begins_with_one_of(_STARTERS, after)
    is_month = _begins_with_month(after)
    if is_month is not False:
        return None if is_month is None else False
    return True if words[-1] in _NOUNS else begins_with_none_of(_NOUNS, after)


def _begins_with_month(after: str) -> bool | None:
    start = after[:_MONTH_LETTERS].lower()
    if start in _MONTHS:
        return True
    return None if any(month.startswith(start) for month in _MONTHS) else False


def ordinal_may_follow(before: str) -> bool:
    """Return whether a numeral behind `before` may be an ordinal: at the beginning, or behind an article."""
    words = before.split()
    return not words or words[-1].lower() in _LEADS
