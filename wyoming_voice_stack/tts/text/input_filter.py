"""Filters for incoming characters: line endings, and the rest of overlong addresses."""

from __future__ import annotations

import re

MAX_ADDRESS_CHARACTERS = 500
"""The rest of a longer address is discarded: addresses are never spoken."""

_LINE_ENDING = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_ADDRESS = re.compile(r"://|\]\(|^www\.")


class LineEndings:
    """Rewrites every kind of line ending as a line feed, even a CRLF that is split over two deltas."""

    def __init__(self) -> None:
        self._after_return = False

    def normalize(self, delta: str) -> str:
        """Return the next part of the text with a line feed for every line ending."""
        if not delta:
            return delta
        follows_return, self._after_return = self._after_return, delta.endswith("\r")
        if follows_return:
            delta = delta.removeprefix("\n")
        return _LINE_ENDING.sub("\n", delta)


class AddressLimit:
    """Finds the characters of a URL or link target beyond `MAX_ADDRESS_CHARACTERS`."""

    def __init__(self) -> None:
        self._length = 0

    def end_word(self) -> None:
        """Start to count again: white space ends an address."""
        self._length = 0

    def is_exceeded_by(self, character: str, text: str) -> bool:
        """Return whether `character`, which follows `text`, is to be discarded."""
        if not character.isascii():
            self._length = 0
        elif self._length < MAX_ADDRESS_CHARACTERS:
            self._length += 1
        elif character == ")":
            self._length = 0
        else:
            return _ADDRESS.search(text[-self._length :]) is not None
        return False
