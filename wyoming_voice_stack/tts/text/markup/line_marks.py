"""Markdown marks at the beginning of a line, and lines that consist of marks only."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_MAX_MARK_CHARACTERS = 8
_MARK = re.compile(
    r"(?P<item>[0-9]\ufe0f?\u20e3|[-*+\u2022\u2023\u25aa\u25e6\u2013\u2014] |\[[ xX]\] |(?P<number>\d{1,3})[.)] )"
    r"|(?P<whole_line>#{1,6} |\|)|```|~~~",
)
_RULE = re.compile(r"[-=*_|:+ ]+")


@dataclass(frozen=True)
class LineMark:
    """The mark of a heading, a list item, a table row or a code fence."""

    number: int = 1
    """The number of a list item; 1 for any other mark."""
    is_list_item: bool = False
    is_whole_line: bool = False
    """Whether the sentence ends with the line, as in a heading or a table row."""


def parse_line_mark(line: str) -> LineMark | None:
    """Return the mark that is all of `line` so far, or None."""
    if len(line) > _MAX_MARK_CHARACTERS:
        return None
    if match := _MARK.fullmatch(line):
        return LineMark(
            number=int(match["number"] or 1),
            is_list_item=bool(match["item"]),
            is_whole_line=bool(match["whole_line"]),
        )
    if len(line) == 1 and _is_pictogram(line):
        return LineMark(is_list_item=True)
    return None


def is_rule(line: str) -> bool:
    """Return whether a line is a horizontal rule, or the rule below a heading or a table head."""
    return _RULE.fullmatch(line) is not None


def _is_pictogram(character: str) -> bool:
    return unicodedata.category(character) == "So" or "\u2190" <= character <= "\u21ff"


def ends_in_colon(line: str) -> bool:
    """Return whether a line introduces what follows it."""
    return line.rstrip("*_ ").endswith((":", "\uff1a"))
