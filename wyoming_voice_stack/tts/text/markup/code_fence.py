"""Fenced code blocks, which are not spoken."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_FENCE_LINE_CHARACTERS = 80
"""Characters kept of the text behind a fence, until it is clear whether it is prose."""

_RUN = re.compile(r"`{3,}|~{3,}")
_END_OF_SENTENCE = tuple(".!?\u2026\u3002\uff01\uff1f")
_BLANK = " \t>"


@dataclass(frozen=True)
class OpeningFence:
    """The end of a line that opens a code block."""

    before: int
    """Length of the text before the fence."""
    fence: str


def opening_fence(line: str) -> OpeningFence | None:
    """Return the fence that a line opens; code may begin behind text, as in `Look: ```py`."""
    runs = list(_RUN.finditer(line))
    if len(runs) % 2 == 0:
        return None
    last = runs[-1]
    is_alone = not line[: last.start()].strip(_BLANK)
    if (last[0][0] == "~" and not is_alone) or is_text_behind_fence(line[last.end() :]):
        return None
    return OpeningFence(0 if is_alone else last.start(), last[0])


def is_text_behind_fence(rest: str) -> bool:
    """Return whether a fence outside code opens nothing, because `rest`, the rest of its line, is text.

    What is written to the fence without a space, as in "```Python example", names the language.
    """
    is_apart = rest[:1].isspace() or rest.rstrip()[-1:] in _END_OF_SENTENCE
    return is_apart and is_prose(rest)


def is_prose(rest: str, *, is_closing: bool = False) -> bool:
    """Return whether the rest of a line behind a fence is text rather than the name of a language.

    Behind a fence that may close a block, one word with a capital letter is text too.
    """
    words = rest.split(maxsplit=2)
    if not words:
        return False
    if is_closing and _RUN.search(rest):
        return True  # the next block begins in the same line
    if words[0][-1] in _END_OF_SENTENCE or not words[0].isascii():
        return True
    if len(words) > 1:
        return words[1][0].isalnum() and not set("={:") & set(words[1])
    return is_closing and words[0][0].isupper()


class CodeFence:
    """An open code fence. It discards the code and recognizes where it ends.

    The closing fence begins a line or ends the last line of code; text behind it is not code.
    """

    def __init__(self, opening: str) -> None:
        self._opening = opening
        self._run = 0
        self._begins_line = True
        self._rest: str | None = None
        """Text behind a fence at the beginning of the line."""

    @property
    def held_characters(self) -> int:
        """The characters kept of the current line."""
        return len(self._rest or "")

    def push(self, character: str) -> str | None:
        """Take the next character; return the text behind the fence if it is closed, else None."""
        if self._rest is not None:
            return self._push_rest(character)
        if character == self._opening[0]:
            self._run += 1
            return None
        run, self._run = self._run, 0
        if run >= len(self._opening):
            if self._begins_line:
                self._rest = ""
                return self._push_rest(character)
            if self._opening[0] == "`":
                return character
        if character == "\n":
            self._begins_line = True
        elif character not in _BLANK:
            self._begins_line = False
        return None

    def finish(self) -> str:
        """Return the text behind a fence at the end of the whole text."""
        rest = self._rest or ""
        return rest if is_prose(rest, is_closing=True) else ""

    def _push_rest(self, character: str) -> str | None:
        rest = (self._rest or "") + character
        self._rest = rest
        if character.isspace():
            word = rest.strip()
            at_end = character == "\n"
            if not word and at_end:
                return ""
            if is_prose(rest, is_closing=at_end):
                return rest
        if character == "\n" or len(rest) >= MAX_FENCE_LINE_CHARACTERS:
            # The fence of another block inside this one.
            self._rest, self._begins_line = None, character == "\n"
        return None
