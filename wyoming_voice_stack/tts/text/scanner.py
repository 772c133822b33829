"""Cuts a stream of Markdown into raw sentences, one character at a time.

What is known depends on the characters seen so far and never on how they were grouped into deltas,
so any grouping gives the same cuts.
"""

from __future__ import annotations

import re

from wyoming_voice_stack.tts.text.abbreviations import full_stop_is_end
from wyoming_voice_stack.tts.text.fitting import break_position, clause_positions
from wyoming_voice_stack.tts.text.punctuation import (
    END_MARKS,
    WIDE_END_MARKS,
    end_marks,
    is_pictogram,
    is_quote_or_bracket,
    may_precede_sentence,
)

MAX_HELD_CHARACTERS = 2_000
"""Text without any end is cut here, at the best place there is."""
MAX_ADDRESS_CHARACTERS = 500
"""The rest of a longer address is not kept: it is never spoken."""
MAX_FENCE_LINE_CHARACTERS = 80
"""A line that closes a code fence is shorter than this."""
_MAX_LINE_MARK_CHARACTERS = 8
_ENDING_CHARACTERS = 40
_OPEN_SPAN_CHARACTERS = 300

_LINE_ENDS = "\n\r\v\f\x85\u2028\u2029"
_LINE_MARK = re.compile(
    r"(?P<item>[0-9]\ufe0f?\u20e3|[-*+\u2022\u2023\u25aa\u25e6\u2013\u2014] |(?P<number>\d{1,3})[.)] )"
    r"|(?P<whole>#{1,6} |\|)|```|~~~",
)
_FENCE_IN_LINE = re.compile(r"(?P<before>.* )(?P<fence>`{3,})[^\s`]+")
_FENCE_LINE = re.compile(r"(?P<before>)(?P<fence>`{3,}|~{3,})[^`~]*")
_RULE = re.compile(r"[-=*_|:+ ]+")
_ADDRESS = re.compile(r"://|\]\(|^www\.")
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_OPEN_SPAN = re.compile(r"`|\[[^\]]*$|\]\([^)]*$|<[a-zA-Z/!][^>]*$")
_QUOTATIVES = "\u3068\u3063"
"""Japanese goes on after a quotation with one of these: to, tte."""


class Scanner:
    """Holds back only what is not yet certain.

    A sentence is cut off as soon as the first letter of the next one has come; a line of its own
    (heading, list item, table row) as soon as the mark of the next line or a blank line has come.
    """

    def __init__(self, long_characters: int) -> None:
        """Take `long_characters`, above which a lower case letter may begin a sentence too."""
        self._long_characters = long_characters
        self._pieces: list[str] = []
        self._held = ""
        self._line_start: int | None = 0
        self._whole_line = False
        self._in_list = False
        self._candidate: int | None = None
        self._next_word: int | None = None
        self._run = 0
        self._after_return = False
        self._fence: _Fence | None = None

    def push(self, delta: str) -> list[str]:
        """Return the raw sentences that are certain now."""
        for character in delta:
            self._feed(character)
        return self._take()

    def cut_clause(self, min_characters: int) -> str:
        """Cut off the first clause of at least `min_characters`, unless it may be a part of something."""
        if self._fence is not None or self._whole_line:
            return ""
        for place in clause_positions(self._held):
            head, rest = self._held[:place], self._held[place:].lstrip()
            # "November 23, 2026" is one thing.
            numbers = rest[:1].isdigit() and head.rstrip(",;: ")[-1:].isdigit()
            if place >= min_characters and not numbers and not _ends_inside_span(head):
                candidate, next_word = self._candidate, self._next_word
                self._cut(place)
                if candidate is not None and candidate > place:
                    self._candidate = candidate - place
                    self._next_word = None if next_word is None else next_word - place
                return self._pieces.pop()
        return ""

    def finish(self) -> list[str]:
        """Return the rest."""
        if self._fence is None:
            self._end_line()
            self._cut(len(self._held))
        return self._take()

    def _take(self) -> list[str]:
        pieces, self._pieces = self._pieces, []
        return pieces

    def _feed(self, character: str) -> None:
        follows_return, self._after_return = self._after_return, character == "\r"
        if follows_return and character == "\n":
            return
        if character in _LINE_ENDS:
            character = "\n"
        if self._fence is not None:
            if self._fence.closed_by(character):
                self._fence = None
        elif character == "\n":
            self._end_line()
        elif character.isspace():
            self._space()
        else:
            self._visible(character)

    def _line(self) -> str:
        return self._held[self._line_start or 0 :]

    def _end_line(self) -> None:
        line = self._line().rstrip()
        if fence := _FENCE_LINE.fullmatch(line) or _FENCE_IN_LINE.fullmatch(line):
            self._open_fence(fence)
        elif self._line_start is not None and _RULE.fullmatch(line):
            self._cut(self._line_start)
            self._held = ""
        elif not line or self._whole_line or line.rstrip("*_ ").endswith((":", "\uff1a")):
            self._cut(len(self._held))
        else:
            self._held = self._held.rstrip() + "\n"
            self._settle_next_word()
            self._note_ending()
        self._line_start = len(self._held)
        self._whole_line = False
        self._run = 0

    def _open_fence(self, match: re.Match[str]) -> None:
        line_start = len(self._held.rstrip()) - len(match[0])
        self._cut(line_start + match.end("before"))
        self._held = ""
        self._fence = _Fence(match["fence"])

    def _space(self) -> None:
        self._run = 0
        if self._held and not self._held[-1].isspace():
            self._held += " "
            self._settle_next_word()
            self._note_ending()
            self._check_line_mark()

    def _visible(self, character: str) -> None:
        if character == ">" and self._line_start == len(self._held):
            return  # the mark of a quotation
        if self._ends_wide_sentence(character):
            self._cut(len(self._held))
        if self._is_rest_of_address(character):
            return
        self._held += character
        self._check_line_mark()
        self._check_next_word(character)
        if len(self._held) >= MAX_HELD_CHARACTERS:
            self._cut(break_position(self._held, len(self._held) - 1, len(self._held) - 1))

    def _check_line_mark(self) -> None:
        """Cut before a line that begins a heading, a list item, a table row or a code fence."""
        if self._line_start is None or len(self._line()) > _MAX_LINE_MARK_CHARACTERS:
            return
        line = self._line()
        if match := _LINE_MARK.fullmatch(line):
            number = int(match["number"] or 1)
            if number != 1 and not self._in_list and self._line_start > 0:
                return  # as in CommonMark: only a list's first number interrupts a paragraph
            self._begin_line(whole=bool(match["whole"]), in_list=bool(match["item"]))
        elif len(line) == 1 and is_pictogram(line):
            self._begin_line(whole=False, in_list=True)

    def _begin_line(self, *, whole: bool, in_list: bool) -> None:
        self._cut(self._line_start or 0)
        self._line_start = 0
        self._whole_line = whole
        self._in_list = in_list

    def _note_ending(self) -> None:
        if self._candidate is None and end_marks(self._held[-_ENDING_CHARACTERS:].rstrip()):
            self._candidate = len(self._held)

    def _check_next_word(self, character: str) -> None:
        if self._candidate is None:
            return
        if self._next_word is None:
            if may_precede_sentence(character):
                return
            self._next_word = len(self._held) - 1
        self._settle_next_word()

    def _settle_next_word(self) -> None:
        if self._candidate is None or self._next_word is None:
            return
        before = self._held[: self._candidate].rstrip()
        is_end = self._is_end(before, self._held[self._next_word :])
        if is_end and not _ends_inside_span(before):
            self._cut(self._candidate)
        elif is_end is not None:
            self._candidate = self._next_word = None

    def _is_end(self, before: str, after: str) -> bool | None:
        marks = end_marks(before[-_ENDING_CHARACTERS:])
        if any(mark in WIDE_END_MARKS for mark in marks):
            return True
        if after[0].islower() and len(before) <= self._long_characters:
            return False
        if not (after[0].isalnum() or after[0] in "$\u20ac\u00a3\u00a5"):
            return False
        if marks != "." or not before.endswith("."):
            return True
        return full_stop_is_end(before, after)

    def _ends_wide_sentence(self, character: str) -> bool:
        last = self._held[-1:]
        if not last or not (last in WIDE_END_MARKS or is_quote_or_bracket(last)):
            return False
        if character in END_MARKS or is_quote_or_bracket(character):
            return False
        marks = end_marks(self._held[-_ENDING_CHARACTERS:])
        if not any(mark in WIDE_END_MARKS for mark in marks):
            return False
        goes_on = last not in WIDE_END_MARKS and character in _QUOTATIVES
        return not goes_on and not _ends_inside_span(self._held)

    def _is_rest_of_address(self, character: str) -> bool:
        if not character.isascii():
            self._run = 0
        elif self._run < MAX_ADDRESS_CHARACTERS:
            self._run += 1
        elif character == ")":
            self._run = 0
        else:
            return _ADDRESS.search(self._held[-self._run :]) is not None
        return False

    def _cut(self, position: int) -> None:
        piece = self._held[:position]
        if piece.strip():
            self._pieces.append(piece)
        self._held = self._held[position:]
        if self._line_start is not None:
            self._line_start = self._line_start - position if self._line_start >= position else None
        self._candidate = self._next_word = None


class _Fence:
    """A code fence whose content is not kept; it ends with a line of its own kind."""

    def __init__(self, opening: str) -> None:
        self._opening = opening
        self._line = ""

    def closed_by(self, character: str) -> bool:
        if character != "\n":
            self._line = (self._line + character)[:MAX_FENCE_LINE_CHARACTERS]
            return False
        line, self._line = self._line.strip(" \t>"), ""
        return line.startswith(self._opening) and not line.strip(self._opening[0])


def _ends_inside_span(text: str) -> bool:
    """Tell whether `text` ends within inline code, a link or a tag that has not ended yet."""
    rest = _CODE_SPAN.sub("", text)[-_OPEN_SPAN_CHARACTERS:]
    return _OPEN_SPAN.search(rest) is not None
