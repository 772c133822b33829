"""Versions that look like dates: `Home Assistant 2026.11.3`."""

from __future__ import annotations

import re

_NAMES = r"(?i:Home ?Assistant(?: Core| OS)?|Supervisor|ESPHome|firmware|version)|HAOS|HA|Core|v"
"""With their case where they are also words: Hungarian `ha` is `if`."""
_WORDS = (
    "\u7248\u672c|\u56fa\u4ef6(?:\u66f4\u65b0\u5230)?|\u5347\u7ea7\u5230|\u30d0\u30fc\u30b8\u30e7\u30f3"
    "|\u30d5\u30a1\u30fc\u30e0\u30a6\u30a7\u30a2|\ubc84\uc804|\ud38c\uc6e8\uc5b4|(?i:verzi\u00f3\\w*)"
)
_BEHIND = re.compile(rf"(?:(?<![A-Za-z])(?:{_NAMES})|{_WORDS})[:\uff1a]?\s?$")
_LONGEST = 24
"""Characters of the longest of these names, with what may stand behind it."""


def is_version(match: re.Match[str]) -> bool:
    """Return whether numbers with full stops between are the version of a program, by what is before them."""
    start = match.start()
    return _BEHIND.search(match.string, max(start - _LONGEST, 0), start) is not None
