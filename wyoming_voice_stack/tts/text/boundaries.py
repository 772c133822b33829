"""Decides where a sentence or a clause of raw Markdown ends."""

from __future__ import annotations

import re
import unicodedata

from wyoming_voice_stack.tts.text.full_stops.abbreviations import full_stop_ends_sentence
from wyoming_voice_stack.tts.text.punctuation import (
    END_MARKS,
    WIDE_END_MARKS,
    is_quote_or_bracket,
    trailing_end_marks,
    without_citations,
)

_ENDING_CHARACTERS = 40
_OPEN_SPAN_CHARACTERS = 300
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_OPEN_SPAN = re.compile(r"`|\[[^\]]*$|\]\([^)]*$|<[a-zA-Z/!][^>]*$")
_QUOTATIVES = "\u3068\u3063"
"""A Japanese sentence continues after a quotation with one of these particles: to, tte."""


def may_end_sentence(text: str) -> bool:
    """Return whether `text` ends in an end mark, closing quotes and white space aside."""
    return bool(trailing_end_marks(_ending(text.rstrip())))


def _ending(text: str) -> str:
    """Return the end of `text` without the citations behind its last sentence."""
    return without_citations(text[-_OPEN_SPAN_CHARACTERS:])[-_ENDING_CHARACTERS:]


def ends_sentence(before: str, after: str, long_characters: int) -> bool | None:
    """Return whether the end mark of `before` ends a sentence, or None if more text must be seen.

    `after` is the text from the next word on. A lower-case word begins a sentence only if `before`
    has more than `long_characters`.
    """
    is_end = _is_end(before, after, long_characters)
    return False if is_end and is_inside_span(before) else is_end


def _is_end(before: str, after: str, long_characters: int) -> bool | None:
    marks = trailing_end_marks(_ending(before))
    if any(mark in WIDE_END_MARKS for mark in marks):
        return True
    if after[0].islower() and len(before) <= long_characters:
        return False
    if not (after[0].isalnum() or unicodedata.category(after[0]) == "Sc"):
        return False
    if marks != "." or not before.endswith("."):
        return True
    return full_stop_ends_sentence(before, after)


def ends_wide_sentence(text: str, following: str) -> bool:
    """Return whether `text` ends a Chinese or Japanese sentence, given the next character."""
    last = text[-1:]
    if not last or not (last in WIDE_END_MARKS or is_quote_or_bracket(last)):
        return False
    if following in END_MARKS or is_quote_or_bracket(following):
        return False
    marks = trailing_end_marks(_ending(text))
    if not any(mark in WIDE_END_MARKS for mark in marks):
        return False
    continues = last not in WIDE_END_MARKS and following in _QUOTATIVES
    return not continues and not is_inside_span(text)


def ends_clause(head: str, rest: str) -> bool:
    """Return whether the clause mark between `head` and `rest` is a place to cut."""
    # "November 23, 2026" is one phrase.
    is_between_digits = rest[:1].isdigit() and head.rstrip(",;: ")[-1:].isdigit()
    return not is_between_digits and not is_inside_span(head)


def is_inside_span(text: str) -> bool:
    """Return whether `text` ends within inline code, a link or a tag."""
    rest = _CODE_SPAN.sub("", text)[-_OPEN_SPAN_CHARACTERS:]
    return _OPEN_SPAN.search(rest) is not None
