"""Fenced code blocks, which are not spoken."""

from __future__ import annotations

import re

MAX_FENCE_LINE_CHARACTERS = 80
"""A line that closes a code fence is shorter than this."""

_AFTER_TEXT = re.compile(r"(?P<before>.* )(?P<fence>`{3,})[^\s`]+")
_ALONE = re.compile(r"(?P<before>)(?P<fence>`{3,}|~{3,})[^`~]*")


def opening_fence(line: str) -> re.Match[str] | None:
    """Return the match of a line that opens a code block, with groups `before` and `fence`."""
    return _ALONE.fullmatch(line) or _AFTER_TEXT.fullmatch(line)


class CodeFence:
    """An open code fence. It discards the code and recognizes the closing line."""

    def __init__(self, opening: str) -> None:
        self._opening = opening
        self._line = ""

    @property
    def held_characters(self) -> int:
        """The characters kept of the current line."""
        return len(self._line)

    def is_closed_by(self, character: str) -> bool:
        """Take the next character; return whether it ends the closing line."""
        if character != "\n":
            self._line = (self._line + character)[:MAX_FENCE_LINE_CHARACTERS]
            return False
        line, self._line = self._line.strip(" \t>"), ""
        return line.startswith(self._opening) and not line.strip(self._opening[0])
