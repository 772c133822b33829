"""Decides whether a line without an end mark is a sentence, or goes on in the next line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from wyoming_voice_stack.tts.text.punctuation import (
    CLAUSE_MARKS,
    EMPHASIS_MARKS,
    WIDE_CLAUSE_MARKS,
    is_wide,
)

MAX_LINE_CHARACTERS = 50
"""Texts are wrapped at 60 characters or more, so a shorter line ends where its author wanted."""
MAX_WIDE_CHARACTERS = 25
"""The same for Chinese and Japanese, whose characters are twice as wide."""
MAX_ITEM_WORDS = 3
MAX_ITEM_CHARACTERS = 25
"""Longer lines than this and `MAX_ITEM_WORDS` may be prose in a narrow column."""
_SHORTEST_LIST = 2
_SHORTEST_HEADED_LIST = 3
"""One short line behind a longer one may be the last line of a paragraph."""
_LONGEST_END = 16
"""Characters at the end of a line that are searched for `_GERMAN_ADVERB`."""
_AROUND = EMPHASIS_MARKS + " "
_CONTINUES = frozenset(CLAUSE_MARKS + WIDE_CLAUSE_MARKS + "-&+/([{\u201e\u00bf\u00a1")
_CONNECTING_WORDS = """
    a an the and or of for from with my your
    der die das den dem des ein eine einen einem einer und oder am im vom zum zur mit für
    le la les un une du de et ou pour avec el los las una con para por y o
    il lo gli di e het een en van da do
"""
_CONNECTING = frozenset(_CONNECTING_WORDS.split())
"""Words that the next line must complete."""
_GERMAN_ADVERB = re.compile(
    r"(?<!\w)(?:ist|sind|war|waren|wird|werden|geht|gehen|bleibt|bleiben|licht|lampen?|heizung|nicht|wieder|noch|auch|immer"
    r"|schon|jetzt) (?:an|da|los)$",
    re.IGNORECASE,
)
"""The end of `Das Licht ist an`, a line of its own."""


@dataclass(frozen=True)
class UnmarkedLine:
    """The end of a line without an end mark."""

    text: str
    """The line, or what is not cut off yet."""
    characters: int
    """Length of the whole line."""
    is_listed: bool
    """Whether it is one of several lines behind a colon."""

    @property
    def is_short(self) -> bool:
        """Whether the line was not wrapped."""
        text = self.text.rstrip(_AROUND)
        limit = MAX_WIDE_CHARACTERS if is_wide(text[-1:]) else MAX_LINE_CHARACTERS
        return self.characters <= limit

    def ends_before(self, following: str) -> bool:
        """Return whether a sentence ends before a line that begins with the character `following`."""
        text = self.text.rstrip(_AROUND)
        words = text.split()
        if not words or text[-1] in _CONTINUES or not self.is_short:
            return False
        if _must_go_on(text) or not following.isalnum():
            return False
        if self.is_listed or following.isupper() or following.isdigit():
            return True
        return not following.islower() and _has_no_case(text)


class UnmarkedList:
    """Recognizes a list in lower case without marks by its short lines."""

    def __init__(self, first_line: str) -> None:
        """The first line of a paragraph is an item, or the heading of the list."""
        self._breaks: list[int] = []
        text = first_line.strip(_AROUND)
        is_item = text[:1].islower() and _is_item(text)
        is_heading = text[:1].isupper() and len(text) <= MAX_LINE_CHARACTERS and _is_complete(text)
        self._shortest = _SHORTEST_LIST if is_item else _SHORTEST_HEADED_LIST
        self._may_be_list = is_item or is_heading

    def add(self, line: str, start: int) -> list[int]:
        """Take the next line, which starts at `start`; return where lines start if they are a list."""
        text = line.strip(_AROUND)
        self._may_be_list = self._may_be_list and text[:1].islower() and _is_item(text)
        if not self._may_be_list:
            return []
        self._breaks.append(start)
        return self._breaks if len(self._breaks) + 1 >= self._shortest else []


def _is_item(text: str) -> bool:
    words = text.split()
    return (
        len(words) <= MAX_ITEM_WORDS
        and len(text) <= MAX_ITEM_CHARACTERS
        and words[0].lower() not in _CONNECTING
        and _is_complete(text)
    )


def _is_complete(text: str) -> bool:
    """Return whether a line has no end mark, and nothing in it that the next line must complete."""
    return (
        (text[-1].isalnum() or text[-1] in ")%")
        and not _must_go_on(text)
        and text.count("(") == text.count(")")
    )


def _must_go_on(text: str) -> bool:
    """Return whether the last word of a line must be completed; a capital letter is a name, as in `Plan A`."""
    word = text.rsplit(maxsplit=1)[-1]
    is_letter = len(word) == 1 and word.isupper()
    return (
        word.lower() in _CONNECTING
        and not is_letter
        and _GERMAN_ADVERB.search(text[-_LONGEST_END:]) is None
    )


def _has_no_case(text: str) -> bool:
    letter = next((character for character in reversed(text) if character.isalpha()), "a")
    return letter.lower() == letter.upper()


class ListedLines:
    """Whether the lines are those of a list without marks, which a colon may introduce."""

    def __init__(self) -> None:
        self.is_listed = False
        self._is_after_colon = False

    def end_line(self, line: UnmarkedLine, *, is_colon: bool) -> None:
        """Take a line. A blank one ends a list, but not between the colon and its first item."""
        continues = line.is_short if line.text else self._is_after_colon
        self.is_listed = is_colon or (self.is_listed and continues)
        self._is_after_colon = is_colon or (self._is_after_colon and not line.text)
