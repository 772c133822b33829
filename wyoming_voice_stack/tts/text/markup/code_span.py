"""Recognizes whether a place in a line is inside a code span or quotation marks."""

from __future__ import annotations

import re

_RUN = re.compile("`+")
_QUOTED = re.compile("(?:^|[\\s(])[\"'\u201c\u201e\u00ab\u2018]$")


class BackquoteCounter:
    """Follows the code spans of a line that is not kept."""

    def __init__(self) -> None:
        self._is_odd = False
        self._last = ""

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


def is_in_span(line: str) -> bool:
    """Return whether what follows the beginning of a line is inside a code span."""
    return len(_RUN.findall(line)) % 2 == 1


def is_quoted(line: str) -> bool:
    """Return whether what follows is inside a code span, or directly behind an opening quotation mark."""
    return is_in_span(line) or _QUOTED.search(line) is not None
