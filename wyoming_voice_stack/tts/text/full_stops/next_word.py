"""The first word behind a full stop, as far as it has arrived."""

from __future__ import annotations

import re

from wyoming_voice_stack.tts.text.full_stops.abbreviation_words import FIRST_WORDS

STARTERS = frozenset(FIRST_WORDS.split())
"""Words that begin a sentence, and are hardly ever a part of a name."""
_NEXT_WORD = re.compile(r"[^\W\d_]+")
_VERBS = frozenset(
    [
        "does",
        "works",
        "comes",
        "goes",
        "means",
        "lives",
        "shows",
        "plays",
        "wins",
        "runs",
        "says",
        "leads",
    ]
)
"""What a number does that is a name: `No. 5 works.`"""
_LONGEST_AUXILIARY = len("has")
_COUNTED = re.compile(r"\d{1,6}(?:\s(?P<word>[^\W\d_]*))?")


def begins_with_one_of(words: frozenset[str], after: str) -> bool | None:
    """Return whether `after` begins with one of the words, or None if it may yet."""
    found = _NEXT_WORD.match(after)
    if found is None:
        return False
    if found.end() < len(after):
        return found[0] in words
    return None if any(word.startswith(found[0]) for word in words) else False


def begins_answer(after: str) -> bool | None:
    """Return whether `after` begins with a number and what it counts: `3 lamps are off`.

    None if it is not certain yet.
    """
    found = _COUNTED.match(after)
    if found is None or (found["word"] and not found["word"].islower()):
        return False
    if found.end() == len(after):
        return None
    word = found["word"] or ""
    return len(word) > _LONGEST_AUXILIARY and word.endswith("s") and word not in _VERBS


def begins_label(after: str) -> bool | None:
    """Return whether `after` begins with a word and a colon, or None if it is not certain yet."""
    found = _NEXT_WORD.match(after)
    if found is None:
        return False
    return None if found.end() == len(after) else after[found.end()] == ":"


def begins_with_none_of(words: frozenset[str], after: str) -> bool | None:
    """Return whether `after` begins with none of the words, or None if it is not certain yet."""
    is_one = begins_with_one_of(words, after)
    return None if is_one is None else not is_one
