"""Buffers streamed text that has not been cut into sentences yet."""

from __future__ import annotations

from wyoming_voice_stack.tts.text.line_breaks import UnmarkedLine
from wyoming_voice_stack.tts.text.markup.code_span import BackquoteCounter
from wyoming_voice_stack.tts.text.punctuation import is_numbered, refers_to_number

NO_BREAK_SPACES = "\u00a0\u2007\u2009\u202f"
"""Spaces that may separate thousands."""


class StreamBuffer:
    """Uncut text with the positions that a cut must shift."""

    def __init__(self) -> None:
        self.text = ""
        self.spans = BackquoteCounter()
        """The code spans of the current line."""
        self.line_start: int | None = 0
        """Where the current line begins; None if that part is cut off already."""
        self.candidate: int | None = None
        """Where a sentence ends, if the next word proves it."""
        self.next_word: int | None = None
        """Where the word after the candidate begins."""
        self.citation: int | None = None
        """Where a sentence ends, unless the number in brackets behind it belongs to it."""
        self.unmarked_line: UnmarkedLine | None = None
        """The line that ends at the candidate, if it has no end mark."""

    @property
    def line(self) -> str:
        """The current line, or what is left of it."""
        return self.text[self.line_start or 0 :]

    @property
    def at_line_start(self) -> bool:
        """Whether the current line is empty so far."""
        return self.line_start == len(self.text)

    def begin_line(self) -> None:
        """Begin a line at the end of the text."""
        self.line_start = len(self.text)

    def cut(self, position: int) -> str:
        """Remove and return the text before `position`; the candidate is dropped."""
        piece, self.text = self.text[:position], self.text[position:]
        if self.line_start is not None:
            self.line_start = self.line_start - position if self.line_start >= position else None
        self.drop_candidate()
        return piece

    def cut_clause(self, position: int) -> str:
        """Remove and return the text before `position`; a candidate behind it is kept."""
        candidate, next_word, line = self.candidate, self.next_word, self.unmarked_line
        piece = self.cut(position)
        if candidate is not None and candidate > position:
            self.candidate = candidate - position
            self.next_word = None if next_word is None else next_word - position
            self.unmarked_line = line
        return piece

    def takes_citation(self, digit: str) -> bool:
        """Return whether a digit begins a number in brackets that may belong to the sentence before it.

        If so, the end of that sentence is not the candidate any more.
        """
        place = self.candidate
        if place is None or not digit.isdigit() or self.text[place:].strip() != f"[{digit}":
            return False
        begin = place if self.citation is None else self.citation
        if is_numbered(self.text[:begin]) or refers_to_number(self.text[:begin]):
            return False
        self.citation, self.candidate = begin, None
        return True

    def drop_candidate(self) -> None:
        """Forget the possible end of a sentence."""
        self.candidate = self.next_word = self.unmarked_line = self.citation = None
