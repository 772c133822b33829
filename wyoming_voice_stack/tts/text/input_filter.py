"""Filters for incoming characters: line endings, and the rest of overlong addresses."""

from __future__ import annotations

import re

MAX_ADDRESS_CHARACTERS = 500
"""The rest of a longer address is discarded: addresses are never spoken."""

_LINE_ENDING = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_ADDRESS = re.compile(r"://|\]\(|^www\.")
_ADDRESS_MARKS = ("://", "](")


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
        self._is_address: bool | None = None
        """Whether the word is an address; None until it is too long for one."""

    def end_word(self) -> None:
        """Start to count again: white space ends an address."""
        self._length = 0
        self._is_address = None

    def is_exceeded_by(self, character: str, text: str) -> bool:
        """Return whether `character`, which follows `text`, is to be discarded."""
        if not character.isascii():
            self.end_word()
        elif self._length < MAX_ADDRESS_CHARACTERS:
            self._length += 1
        elif character == ")":
            self.end_word()
        else:
            return self._note_address(text)
        return False

    def _note_address(self, text: str) -> bool:
        # Looking through the word for each of its characters would take seconds for a long one.
        if self._is_address is None:
            self._is_address = _ADDRESS.search(text[-self._length :]) is not None
        elif not self._is_address:
            self._is_address = text.endswith(_ADDRESS_MARKS)
        return self._is_address
