"""Which marks end a sentence, close it, or stand before the next one, in every script at once."""

from __future__ import annotations

import re
import unicodedata

WIDE_END_MARKS = "\u3002\uff01\uff1f\uff61"
"""Chinese and Japanese marks, after which no white space follows."""

END_MARKS = ".!?\u2026\u203c\u2047\u2048\u2049\u0589\u061f\u06d4\u0964\u0965\u1362\u17d4" + (
    WIDE_END_MARKS
)
"""Latin, Armenian, Arabic, Urdu, Devanagari, Ethiopic, Khmer, Chinese and Japanese ends."""

CLAUSE_MARKS = ",;:\u060c\u061b\u2013\u2014"
WIDE_CLAUSE_MARKS = "\u3001\uff0c\uff1a\uff1b"
EMPHASIS_MARKS = "*_~"

_CLOSED_BY = {
    '"': '"',
    "\u201d": "\u201c\u201e",
    "\u201c": "\u201e",
    "\u2019": "\u2018\u201a",
    "\u2018": "\u201a",
    "\u00bb": "\u00ab",
    "\u00ab": "\u00bb",
    "\u203a": "\u2039",
    "\u2039": "\u203a",
    ")": "(",
    "]": "[",
    "\u300d": "\u300c",
    "\u300f": "\u300e",
    "\uff09": "\uff08",
    "\u3011": "\u3010",
    "\u300b": "\u300a",
}
"""Several marks close in one language and open in another."""

_OPENERS = frozenset("".join(_CLOSED_BY.values()))
_BRACKETS_AND_QUOTES = frozenset({"Ps", "Pe", "Pi", "Pf"})
_BEFORE_A_SENTENCE = _BRACKETS_AND_QUOTES | {"Pd", "So", "Sk", "Mn", "Cf"}
_CLOSERS = "\"'])}\u2018\u2019\u201c\u201d\u00ab\u00bb\u2039\u203a\u300d\u300f\uff09\u3011\u300b\u3009\u3015"

_WIDE_SCRIPTS = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff]"
)
_FULL_STOPS = (
    (_WIDE_SCRIPTS, "\u3002"),
    (re.compile(r"[\u0900-\u09ff]"), "\u0964"),
    (re.compile(r"[\u0530-\u058f]"), "\u0589"),
    (re.compile(r"[\u1200-\u137f]"), "\u1362"),
)


def is_quote_or_bracket(character: str) -> bool:
    """Tell whether the character opens or closes a quotation or a bracket."""
    return character in "\"'" or unicodedata.category(character) in _BRACKETS_AND_QUOTES


def is_pictogram(character: str) -> bool:
    """Tell whether the character is one of those that emoji are made of."""
    return unicodedata.category(character) == "So"


def may_precede_sentence(character: str) -> bool:
    """Tell whether a sentence may begin with this character and its first word still be ahead."""
    return (
        character in "\"'*_~`#>\u00bf\u00a1\\"
        or unicodedata.category(character) in _BEFORE_A_SENTENCE
    )


def end_marks(text: str) -> str:
    """Return the end marks that `text` ends in, closing quotes and brackets aside, or ``""``."""
    stem = text.rstrip(_CLOSERS + EMPHASIS_MARKS)
    return stem[len(stem.rstrip(END_MARKS)) :]


def without_end_closers(text: str) -> str:
    """Return `text` without the closing quotes and brackets after its end marks."""
    return text.rstrip(_CLOSERS + EMPHASIS_MARKS) if end_marks(text) else text


def without_lone_openers(text: str) -> str:
    """Return `text` without the opening quotes and brackets that nothing in it closes.

    White space is collapsed.
    """
    open_places: list[int] = []
    for place, character in enumerate(text):
        if open_places and text[open_places[-1]] in _CLOSED_BY.get(character, ""):
            open_places.pop()
        elif character == '"' and text[place - 1 : place].isdigit():
            continue  # a length in inches
        elif character in _OPENERS:
            open_places.append(place)
    for place in reversed(open_places):
        text = text[:place] + text[place + 1 :]
    return " ".join(text.split())


def full_stop(text: str) -> str:
    """Return the full stop of the script that `text` ends in."""
    letter = next((character for character in reversed(text) if character.isalpha()), "")
    return next((stop for script, stop in _FULL_STOPS if script.match(letter)), ".")


def can_be_said(text: str) -> bool:
    """Tell whether there is a letter or a digit in `text`."""
    return any(character.isalnum() for character in text)
