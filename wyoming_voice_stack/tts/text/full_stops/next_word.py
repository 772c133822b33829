"""The first word behind a full stop, as far as it has arrived."""

from __future__ import annotations

import re

from wyoming_voice_stack.tts.text.full_stops.abbreviation_words import FIRST_WORDS

STARTERS = frozenset(FIRST_WORDS.split())
"""Words that begin a sentence, and are hardly ever a part of a name."""
_NEXT_WORD = re.compile(r"[^\W\d_]+")


def begins_with_one_of(words: frozenset[str], after: str) -> bool | None:
    """Return whether `after` begins with one of the words, or None if it may yet."""
    found = _NEXT_WORD.match(after)
    if found is None:
        return False
    if found.end() < len(after):
        return found[0] in words
    return None if any(word.startswith(found[0]) for word in words) else False


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
