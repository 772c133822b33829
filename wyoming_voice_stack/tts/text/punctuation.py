"""Punctuation of all scripts: marks that end a sentence or clause, quotes and brackets."""

from __future__ import annotations

import re
import unicodedata

WIDE_END_MARKS = "\u3002\uff01\uff1f\uff61"
"""Chinese and Japanese end marks, which no white space follows."""

END_MARKS = ".!?\u2026\u203c\u2047\u2048\u2049\u0589\u061f\u06d4\u0964\u0965\u1362\u17d4" + (
    WIDE_END_MARKS
)
"""Latin, Armenian, Arabic, Urdu, Devanagari, Ethiopic, Khmer, Chinese and Japanese end marks."""

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
"""Openers by closer. Some marks close in one language and open in another."""

_OPENERS = frozenset("".join(_CLOSED_BY.values()))
_BRACKETS_AND_QUOTES = frozenset({"Ps", "Pe", "Pi", "Pf"})
_BEFORE_A_SENTENCE = _BRACKETS_AND_QUOTES | {"Pd", "So", "Sk", "Mn", "Cf"}
_CLOSERS = "\"'])}\u2018\u2019\u201c\u201d\u00ab\u00bb\u2039\u203a\u300d\u300f\uff09\u3011\u300b\u3009\u3015"

_CITATIONS = re.compile(
    r"(?:\s?(?:\[\^\w{1,20}\]|\[{1,2}\d{1,3}(?:\s?[,\u2013-]\s?\d{1,3}){0,5}\]{1,2}(?:\([^()\s]{0,500}\))?|\u3010[^\u3010\u3011]{0,60}\u3011)){1,6}$"
)
"""Footnote marks and citations behind a sentence: `[1]`, `[2, 3]`, and a model's `【4†source】`."""

_OPEN_CITATION = re.compile(r"\s*(?:\[[\d\s,\u2013-]{1,20}\]\s?){0,6}(?:\[[\d\s,\u2013-]{0,20})?$")
_LONGEST_REFERENCE = 12
"""Characters at the end of a sentence that are searched for an abbreviation such as `Fig.`"""
_NUMBERED_SENTENCE = re.compile(r"(?:^|[:;,.!?]\s|\n)\s*\[\d{1,3}\]\s")
_REFERENCE = re.compile(
    r"(?<!\w)(?:figs?|abb|tab|nr|no|refs?|eqs?|cf|vgl|s|см|рис|zob|rys|bkz|obr|pp?|z\.\s?b|e\.\s?g|p\.\s?e[jx]|np|bijv|напр)\.\s*$",
    re.IGNORECASE,
)
_CITATION_ENDS = frozenset("])\u3011")

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
    """Return whether the character is a quotation mark or a bracket."""
    return character in "\"'" or unicodedata.category(character) in _BRACKETS_AND_QUOTES


def may_precede_sentence(character: str) -> bool:
    """Return whether the character may stand before the first word of a sentence."""
    return (
        character in "\"'*_~`#>\u00bf\u00a1\\"
        or unicodedata.category(character) in _BEFORE_A_SENTENCE
    )


def trailing_end_marks(text: str) -> str:
    """Return the end marks at the end of `text`, ignoring closing quotes and brackets, or ``""``."""
    stem = text.rstrip(_CLOSERS + EMPHASIS_MARKS)
    return stem[len(stem.rstrip(END_MARKS)) :]


def without_citations(text: str) -> str:
    """Return `text` without the citations behind its end marks."""
    if text[-1:] not in _CITATION_ENDS:
        return text
    return _CITATIONS.sub("", text)


def may_be_citation(text: str) -> bool:
    """Return whether the text behind the end of a sentence consists of citations, the last of which may be open."""
    return _OPEN_CITATION.match(text) is not None


def is_numbered(sentence: str) -> bool:
    """Return whether the number of an item in brackets begins the sentence: `[1] Milk`."""
    return _NUMBERED_SENTENCE.search(sentence) is not None


def refers_to_number(text: str) -> bool:
    """Return whether an abbreviation at the end needs the number in brackets behind it: `Fig. [3]`."""
    return _REFERENCE.search(text[-_LONGEST_REFERENCE:]) is not None


def strip_final_closers(text: str) -> str:
    """Return `text` without the closing quotes and brackets after its end marks."""
    return text.rstrip(_CLOSERS + EMPHASIS_MARKS) if trailing_end_marks(text) else text


def strip_unmatched_openers(text: str) -> str:
    """Remove opening quotes and brackets that are not closed in `text`, and collapse white space."""
    open_places: list[int] = []
    for place, character in enumerate(text):
        if open_places and text[open_places[-1]] in _CLOSED_BY.get(character, ""):
            open_places.pop()
        elif character == '"' and text[place - 1 : place].isdigit():
            continue  # a length in inches
        elif character in _OPENERS:
            open_places.append(place)
    for place in reversed(open_places):
        before, opener, after = text[:place], text[place], text[place + 1 :]
        # A single letter is an ending: `Light(s are on`.
        is_word = len(after) > 1 and after[:2].isalnum()
        joins_words = opener in "([" and before[-1:].isalnum() and is_word
        text = before + (" " if joins_words else "") + after
    return " ".join(text.split())


def full_stop_for(text: str) -> str:
    """Return the full stop of the script in which `text` ends."""
    letter = next((character for character in reversed(text) if character.isalpha()), "")
    return next((stop for script, stop in _FULL_STOPS if script.match(letter)), ".")


def is_wide(text: str) -> bool:
    """Return whether `text` begins with a Chinese or Japanese character."""
    return _WIDE_SCRIPTS.match(text) is not None


def is_pronounceable(text: str) -> bool:
    """Return whether `text` contains a letter or a digit."""
    return any(character.isalnum() for character in text)
