"""Letters that are no initials: that of `vitamin C`, of a grade, or the number of a chapter."""

from __future__ import annotations

import re

from wyoming_voice_stack.tts.text.full_stops.abbreviation_words import (
    NUMBERED_WORDS,
    RULERS,
    WORDS_BEFORE_LETTERS,
)

_LETTERED = frozenset(WORDS_BEFORE_LETTERS.split())
"""Words before a letter that is no initial: `vitamin C.`"""
_NUMBERED_BY = frozenset(NUMBERED_WORDS.split())
_RULERS = frozenset(RULERS.split())
_CYRILLIC = re.compile("[\u0400-\u04ff] $")
"""Behind Russian words, a Latin letter is a numeral."""

_WIND = re.compile(
    r"(?<!\w)(?:winds?|viento|vents?|vento|wiatr|v\u00edtr|\u0432\u0435\u0442\u0435\u0440)(?!\w)[^.!?]{0,40}$",
    re.IGNORECASE,
)
"""The wind, behind which a letter is a direction."""

_GRADES = frozenset("ABCDEF")
_GRADE = re.compile(r"(?<!\w)(?:got|gets?|earned|received|scored|gave \w{2,4}) an? $")
"""Words before a letter that is a grade: `She got an A.`"""


def is_no_initial(word: str, previous: str) -> bool:
    """Return whether a capital letter behind `previous` is a number, a vitamin, a direction or a grade."""
    if word in "IVX" and _is_numeral(word, previous):
        return True
    is_grade = word in _GRADES and _GRADE.search(previous) is not None
    return is_grade or _is_lettered(previous) or _WIND.search(previous) is not None


def _is_numeral(letter: str, previous: str) -> bool:
    """Return whether a letter is a number: that of a chapter or of a ruler."""
    words = previous.split()
    if not words or _CYRILLIC.search(previous):
        return bool(words)
    return words[-1].lower() in _NUMBERED_BY or (letter == "I" and words[-1] in _RULERS)


def _is_lettered(previous: str) -> bool:
    words = previous.split()
    return bool(words) and words[-1].lower().rstrip(":") in _LETTERED
