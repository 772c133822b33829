"""Recognizes whether a place in a line is inside a code span or quotation marks."""

from __future__ import annotations

import re

_RUN = re.compile("`+")
_QUOTED = re.compile("(?:^|[\\s(])[\"'\u201c\u201e\u00ab\u2018]$")


class BackquoteCounter:
    """Follows the code spans of a line, so that the line need not be searched again for each mark."""

    def __init__(self) -> None:
        self._is_odd = False
        self._last = ""

    @property
    def is_inside(self) -> bool:
        """Whether what follows is inside a code span."""
        return self._is_odd

    @property
    def is_directly_behind(self) -> bool:
        """Whether a code span has just begun."""
        return self._is_odd and self._last == "`"

    def push(self, character: str) -> None:
        """Take the next character; a line feed ends all spans."""
        if character == "\n":
            self._is_odd = False
        elif character == "`" and self._last != "`":
            self._is_odd = not self._is_odd
        self._last = character


def in_span_behind(text: str, *, in_span: bool) -> bool:
    """Return whether what follows `text` is inside a code span; `in_span` is the same for what precedes it."""
    line = text.rpartition("\n")[2]
    is_odd = len(_RUN.findall(line)) % 2 == 1
    return is_odd if len(line) < len(text) else is_odd != in_span


def follows_quotation_mark(line: str) -> bool:
    """Return whether what follows stands directly behind an opening quotation mark."""
    return _QUOTED.search(line[-2:]) is not None
