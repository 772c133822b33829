"""Fenced code blocks, which are not spoken."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

from wyoming_voice_stack.tts.text.markup.chat_marks import (
    MAX_MARK_CHARACTERS,
    reasoning_mark_at_end,
)

MAX_FENCE_LINE_CHARACTERS = 80
"""Characters kept of the text behind a fence, until it is clear whether it is prose."""

MAX_UNCLOSED_CHARACTERS = 1500
"""Characters kept of the end of a code block, of which the text is spoken if its fence is never closed."""

_RUN = re.compile(r"`{3,}|~{3,}")
_END_OF_SENTENCE = tuple(".!?\u2026\u3002\uff01\uff1f")
_LANGUAGE_NAMES = """
    bash c cpp css html ini java javascript jinja jinja2 js json markdown php python py ruby rust sh shell
    sql text toml ts typescript xml yaml yml
"""
_LANGUAGES = frozenset(_LANGUAGE_NAMES.split())
"""What may follow `~~~` behind text. Without such a name, tildes are a drawn-out sound or a decoration."""
_BLANK = " \t>"
_QUOTES = frozenset("\"'")
_MARK_ENDS = ">];\u25b7"
_CODE = re.compile(r"[={}\[\]<>;|\\#$]|\w\(|\w\.\w+\(|^\s*(?://|--|import |from |def |class )")
_MARKS = "`*_~\"'(\u201e\u201c\u00ab"
"""What may stand before a word of the text behind a block: "``` and **then**"."""
_END_OF_LINE = (*_END_OF_SENTENCE, ":", '"', "\u201d", ")")
_SHORTEST_TEXT_WORDS = 2


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
    rest = line[last.end() :]
    is_tilde_in_text = last[0][0] == "~" and not is_alone and rest not in _LANGUAGES
    if is_tilde_in_text or is_text_behind_fence(rest):
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
        return words[1].lstrip(_MARKS)[:1].isalnum() and not set("={:") & set(words[1])
    return is_closing and words[0][0].isupper()


def is_text_line(line: str) -> bool:
    """Return whether a line of an open code block is a sentence rather than code."""
    words = line.split()
    if not words or line.rstrip()[-1] not in _END_OF_LINE or _CODE.search(line):
        return False
    first = words[0].lstrip('\u00bf\u00a1\u201e\u201c"(')[:1]
    if not first.isalpha():
        return False
    return not first.isascii() or (first.isupper() and len(words) >= _SHORTEST_TEXT_WORDS)


class _LastLines:
    """The end of a code block, in whole lines."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        self._line: list[str] = []
        self.characters = 0

    @property
    def line(self) -> str:
        """The end of the last line, which is not complete yet."""
        return "".join(self._line[-MAX_MARK_CHARACTERS:])

    def push(self, character: str) -> None:
        self.characters += 1
        self._line.append(character)
        if character == "\n":
            self._lines.append("".join(self._line))
            self._line.clear()
        while self.characters > MAX_UNCLOSED_CHARACTERS:
            # A line that is longer than all that is kept is no text either.
            dropped = self._lines.popleft() if self._lines else "".join(self._line)
            self.characters -= len(dropped)
            if not self._lines and dropped[-1:] != "\n":
                self._line = []

    def text(self) -> str:
        """Return the lines of text at the end."""
        found: deque[str] = deque()
        for line in reversed((*self._lines, "".join(self._line))):
            if line.strip() and not is_text_line(line):
                break
            found.appendleft(line)
        return "".join(found).strip("\n")


class CodeFence:
    """An open code fence. It discards the code and recognizes where it ends.

    The closing fence begins a line or ends the last line of code; text behind it is not code.
    """

    def __init__(self, opening: str) -> None:
        self._opening = opening
        self._run = 0
        self._before_run = ""
        self._begins_line = True
        self._rest: str | None = None
        """Text behind a fence at the beginning of the line."""
        self._last_lines = _LastLines()
        self._is_after_opening = False
        self._answer: list[str] | None = None
        """The text behind a mark that ends reasoning, if none in the block begins it."""
        self.ends_reasoning = False
        """Whether the block was reasoning, and what `push` or `finish` returned is the answer."""

    @property
    def held_characters(self) -> int:
        """The characters in memory."""
        return len(self._rest or "") + self._last_lines.characters + len(self._answer or ())

    def push(self, character: str) -> str | None:
        """Take the next character; return the text behind the fence if it is closed, else None."""
        self._last_lines.push(character)
        if self._push_answer(character):
            return self._end_reasoning()
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
            is_string = character in _QUOTES and self._before_run == character
            if self._opening[0] == "`" and not is_string:
                return character
        self._before_run = character
        if character == "\n":
            self._begins_line = True
        elif character not in _BLANK:
            self._begins_line = False
        return None

    def _push_answer(self, character: str) -> bool:
        """Follow marks around reasoning; return whether the block is certainly never closed."""
        if self._answer is not None:
            self._answer.append(character)
        elif character in _MARK_ENDS:
            closes = reasoning_mark_at_end(self._last_lines.line)
            if closes is False:
                self._is_after_opening = True
            elif closes and not self._is_after_opening:
                self._answer = []
        return len(self._answer or ()) > MAX_UNCLOSED_CHARACTERS

    def _end_reasoning(self) -> str:
        self.ends_reasoning = True
        return "".join(self._answer or ())

    def finish(self) -> str:
        """Return the text behind a fence at the end of the whole text, or at the end of an unclosed block."""
        if self._answer is not None and self._rest is None and self._run < len(self._opening):
            return self._end_reasoning()
        if self._rest is not None:
            return self._rest if is_prose(self._rest, is_closing=True) else ""
        is_closed = self._run >= len(self._opening)
        return "" if is_closed else self._last_lines.text()

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
