"""Recognizes a call such as `turn_on(area="hall")` that is all of a line."""

from __future__ import annotations

import re

MAX_CALL_CHARACTERS = 500
"""Text that is held back until it is clear whether it is a call."""
LONGEST_NAME = 64
_NAME = r"[A-Za-z_][\w.]*"
_BEGIN = re.compile(rf"[ \t]*\[?{_NAME}\(")
_CALL = re.compile(rf"[ \t]*\[?(?P<name>{_NAME})\((?P<arguments>.*)\)\]?[;.]?\s*", re.DOTALL)
_TAIL = re.compile(r"\]?[;.]?[ \t]*\n?")
_CALL_NAME = re.compile(r"\w_\w|\w\.\w|[a-z][A-Z]")
_KEYWORD = re.compile(r"\s*[A-Za-z_]\w*\s*=(?!=)")
_VALUE = re.compile(r"\s*(?:$|[\"'{\[]|true\b|false\b|null\b|None\b)", re.IGNORECASE)
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset(_PAIRS.values())


class Brackets:
    """Follows brackets and the strings in them, until the first one is closed."""

    def __init__(self) -> None:
        self._depth = 0
        self._quote = ""
        self._last = ""

    @property
    def is_closed(self) -> bool:
        """Whether no bracket is open."""
        return not self._depth

    def push(self, character: str) -> bool:
        """Take a character; return whether it closes the first bracket, or is a blank line outside a string."""
        last, self._last = self._last, "" if self._last == "\\" else character
        if self._quote:
            if character == self._quote and last != "\\":
                self._quote = ""
        elif character in "\"'" and not last.isalnum():
            self._quote = character
        elif character in _PAIRS:
            self._depth += 1
        elif character in _CLOSING:
            self._depth -= 1
            return self._depth <= 0
        return character == last == "\n"


def is_call_name(name: str) -> bool:
    """Return whether a word is the name of a function rather than a word of prose."""
    return _CALL_NAME.search(name) is not None


def opens_call(line: str) -> bool:
    """Return whether a line so far is a name and an opening bracket."""
    return _BEGIN.fullmatch(line) is not None


def begins_call(line: str) -> bool:
    """Return whether a line that `opens_call` goes on as a call, which is not closed yet."""
    opening = _BEGIN.match(line)
    return opening is not None and (
        is_call_name(opening[0]) or _KEYWORD.match(line, opening.end()) is not None
    )


def may_follow_call(tail: str) -> bool:
    """Return whether a line that goes on with `tail` behind a call may be nothing but the call."""
    return _TAIL.fullmatch(tail) is not None


def is_call(line: str) -> bool:
    """Return whether a line is a call and nothing else."""
    call = _CALL.fullmatch(line)
    if call is None:
        return False
    arguments = call["arguments"]
    if _KEYWORD.match(arguments):
        return True
    return is_call_name(call["name"]) and _VALUE.match(arguments) is not None
