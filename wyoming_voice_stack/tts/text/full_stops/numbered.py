"""Roman numerals and codes behind an abbreviation: `Art. LIII`, `Flug Nr. LH400`."""

from __future__ import annotations

import re

from wyoming_voice_stack.tts.text.full_stops.abbreviation_words import (
    ENGLISH_WORDS,
    NUMBERED_THINGS,
    NUMERAL_ABBREVIATIONS,
    NUMERAL_WORDS,
)

_ABBREVIATIONS = frozenset(NUMERAL_ABBREVIATIONS.split())
_KNOWN = _ABBREVIATIONS | frozenset(NUMERAL_WORDS.split())
_THING = re.compile(rf"(?<!\w)(?:{'|'.join(NUMBERED_THINGS.split())})s? $", re.IGNORECASE)
"""In front of `no`, which is an answer elsewhere."""
_ENGLISH = frozenset(ENGLISH_WORDS.split())
_REFERENCE = re.compile(
    r"(?:^|[,;(]\s?|(?<!\w)(?:see|il|nel|del|al|dal|el|de|w|z|na|siehe|selon|según|ver)\s"
    r"|(?<!\w)(?:dell|all|dall|nell)['\u2019])$",
    re.IGNORECASE,
)
"""In front of an abbreviation that is an English word in lower case: `nel sec. XIX`, but `I love art.`"""
_LETTERS = re.compile(r"[A-Z]{1,8}")
_LONGEST_PREFIX = 3
"""Letters in front of the digits of a code."""
_NUMERAL = re.compile(r"C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_LAW = re.compile(r"[LRDA]\.")
"""A part of a French code of law: `art. L. 121-1`."""
_LAW_DIGIT = 3


def numbers_what_follows(word: str, previous: str, after: str) -> bool | None:
    """Return whether an abbreviation numbers a Roman numeral or a code in `after`.

    None if more of it must be seen. `previous` is the text in front of the abbreviation.
    """
    letters = _LETTERS.match(after)
    lowered = word.lower()
    if letters is None or lowered not in _KNOWN:
        return False
    if lowered == "art" and _LAW.match(after):
        return None if len(after) <= _LAW_DIGIT else after[_LAW_DIGIT].isdigit()
    is_open = letters.end() == len(after)
    if _is_word(word, previous):
        return None if lowered == "art" and is_open else False
    if is_open:
        return None
    following = after[letters.end()]
    if following.isdigit():
        return len(letters[0]) <= _LONGEST_PREFIX
    is_word = lowered == "no" or following.isalpha() or following in "'\u2019_"
    return not is_word and _is_numeral(letters[0], word)


def _is_word(word: str, previous: str) -> bool:
    if word.lower() == "no":
        return _THING.search(previous) is None
    return word in _ENGLISH and _REFERENCE.search(previous) is None


def _is_numeral(letters: str, word: str) -> bool:
    if len(letters) > 1:
        return _NUMERAL.fullmatch(letters) is not None
    if word.lower() in _ABBREVIATIONS:
        return letters in "IVX"
    return letters in "VX" and word[0].isupper()
