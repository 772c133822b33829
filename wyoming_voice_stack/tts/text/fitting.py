"""Splits a sentence that is too long into parts of similar length."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator

from wyoming_voice_stack.tts.text.full_stops.abbreviations import full_stop_ends_sentence
from wyoming_voice_stack.tts.text.punctuation import (
    CLAUSE_MARKS,
    END_MARKS,
    WIDE_CLAUSE_MARKS,
    WIDE_END_MARKS,
)

_ENDS = re.compile(rf"[{re.escape(END_MARKS)}]\s|[{WIDE_END_MARKS}](?!\W)")
_CLAUSES = re.compile(rf"[{CLAUSE_MARKS}]\s|[{WIDE_CLAUSE_MARKS}](?!\W)")
_ANY_SPACE = re.compile(r"\s")
_SPACES = re.compile(r"\s(?![!?:;%\u00bb\u20ac\u2013\u2014])")
_SHORTEST_SHARE = 3
_MAX_STEPS_BACK = 32
_JOINERS = "\u200c\u200d"


def split_to_fit(text: str, max_characters: int) -> list[str]:
    """Split `text` into stripped parts of at most `max_characters`, balanced in length.

    A cut goes after a sentence if one ends at a suitable position, else after a clause, else
    between words, and inside a word only if the word itself is too long.
    """
    parts = []
    while len(text) > max_characters:
        share = math.ceil(len(text) / math.ceil(len(text) / max_characters))
        position = break_position(text, share, max_characters)
        parts.append(text[:position].strip())
        text = text[position:].lstrip()
    return [part for part in [*parts, text] if part]


def break_position(text: str, target: int, limit: int) -> int:
    """Return the best position in ``1..limit`` for a cut near `target`; `text` is longer than `limit`."""
    head = text[: limit + 1]
    shortest = limit // _SHORTEST_SHARE
    for marks in (_ENDS, _CLAUSES, _SPACES):
        places = _positions(marks, head, limit)
        suitable = [
            place for place in places if place > shortest and not _is_abbreviated(head, place)
        ]
        if suitable:
            return min(suitable, key=lambda place: abs(place - target))
    return max(_positions(_ANY_SPACE, head, limit), default=0) or _position_in_word(head, target)


def clause_positions(text: str) -> Iterator[int]:
    """Yield the positions at which a clause of `text` ends and more text follows."""
    return _positions(_CLAUSES, text, len(text) - 1)


def _positions(marks: re.Pattern[str], head: str, limit: int) -> Iterator[int]:
    """Yield the positions right after each mark, before the white space that follows it."""
    for match in marks.finditer(head):
        position = match.start() + len(match[0].rstrip())
        if 0 < position <= limit:
            yield position


def _is_abbreviated(head: str, place: int) -> bool:
    following = head[place:].lstrip()
    return (
        head[place - 1] == "."
        and bool(following)
        and (full_stop_ends_sentence(head[:place], following) is False)
    )


def _position_in_word(head: str, target: int) -> int:
    """Search back from `target` for a position between graphemes and, if possible, between words."""
    places = range(target, max(target - _MAX_STEPS_BACK, 0), -1)
    whole = [place for place in places if _is_between_graphemes(head, place)]
    return next((place for place in whole if not _is_in_word(head, place)), (whole or [target])[0])


def _is_between_graphemes(text: str, place: int) -> bool:
    following = text[place]
    return (
        unicodedata.category(following)[0] != "M"
        and following not in _JOINERS
        and text[place - 1] not in _JOINERS
    )


def _is_in_word(text: str, place: int) -> bool:
    """Return whether a cut at `place` would divide an ASCII word, or separate a mark from its word."""
    pair = text[place - 1 : place + 1]
    return (pair.isascii() and pair.isalnum()) or not text[place].isalnum()
