"""Cuts a stream of Markdown into raw sentences, one character at a time.

Decisions depend on the characters seen so far, never on how they were grouped into deltas, so any
grouping gives the same sentences.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from wyoming_voice_stack.tts.text.boundaries import (
    ends_clause,
    ends_sentence,
    ends_wide_sentence,
    is_inside_span,
    may_end_sentence,
)
from wyoming_voice_stack.tts.text.fitting import break_position, clause_positions
from wyoming_voice_stack.tts.text.input_filter import AddressLimit, LineEndings
from wyoming_voice_stack.tts.text.line_breaks import ListedLines, UnmarkedLine, UnmarkedList
from wyoming_voice_stack.tts.text.markup.agent_lines import AgentLines
from wyoming_voice_stack.tts.text.markup.chat_marks import MARK_STARTS
from wyoming_voice_stack.tts.text.markup.code_fence import CodeFence, OpeningFence, opening_fence
from wyoming_voice_stack.tts.text.markup.hidden_text import HiddenText
from wyoming_voice_stack.tts.text.markup.json_tool_calls import is_function_call
from wyoming_voice_stack.tts.text.markup.line_marks import ends_in_colon, is_rule, parse_line_mark
from wyoming_voice_stack.tts.text.punctuation import may_be_citation, may_precede_sentence
from wyoming_voice_stack.tts.text.stream_buffer import NO_BREAK_SPACES, StreamBuffer

MAX_HELD_CHARACTERS = 2_000
"""Longer text without an end of a sentence is cut at the best position in it."""


class Scanner:
    """Returns each sentence as soon as it is certain.

    A sentence is cut off when the first letter of the next one arrives; a line of its own (heading,
    list item, table row) when the mark of the next line or a blank line arrives.
    """

    def __init__(self, long_characters: int) -> None:
        """After more than `long_characters`, a lower-case letter may begin a sentence too."""
        self._long_characters = long_characters
        self._pieces: list[str] = []
        self._held = StreamBuffer()
        self._line_endings = LineEndings()
        self._address_limit = AddressLimit()
        self._hidden_text = HiddenText()
        self._agent_lines = AgentLines()
        self._fence: CodeFence | None = None
        self._is_whole_line = False
        self._in_list = False
        self._line_characters = 0
        self._listing = ListedLines()
        self._unmarked_list: UnmarkedList | None = None
        self.reasoning_ended = False
        """Whether the last `push`, or `finish`, met the end of reasoning that no mark has begun, and dropped it."""

    @property
    def held_characters(self) -> int:
        """The number of characters in memory."""
        fence = self._fence.held_characters if self._fence else 0
        hidden = self._hidden_text.held_characters + self._agent_lines.held_characters
        return len(self._held.text) + fence + hidden

    def push(self, delta: str) -> list[str]:
        """Take more text and return the raw sentences that are certain now."""
        self.reasoning_ended = False
        for character in self._line_endings.normalize(delta):
            self._feed(character)
        return self._take()

    def cut_clause(self, min_characters: int) -> str:
        """Cut off the first clause of at least `min_characters`; ``""`` if there is none."""
        if self._fence is not None or self._is_whole_line:
            return ""
        text = self._held.text
        for place in clause_positions(text):
            if place >= min_characters and ends_clause(text[:place], text[place:].lstrip()):
                self._unmarked_list = None
                return self._held.cut_clause(place)
        return ""

    def finish(self) -> list[str]:
        """Return the rest."""
        self.reasoning_ended = False
        if self._fence is not None and (rest := self._fence.finish()):
            self._leave(self._fence)
            for character in rest:
                self._feed(character)
        if self._fence is None:
            self._feed_lines(self._hidden_text.finish())
        if self._fence is None:
            self._feed_shown(self._agent_lines.finish())
            self._end_line()
            self._cut(len(self._held.text))
        return self._take()

    def _take(self) -> list[str]:
        pieces, self._pieces = self._pieces, []
        return pieces

    def _feed(self, character: str) -> None:
        if self._fence is not None:
            self._feed_code(self._fence, character)
        elif character in MARK_STARTS or self._hidden_text.is_active:
            in_span = self._held.spans.is_inside
            line = self._held.line + self._agent_lines.line
            text = self._hidden_text.push(character, line, in_span=in_span)
            self._drop_hidden()
            self._feed_lines(text)
        else:
            self._feed_lines(character)

    def _feed_lines(self, text: str) -> None:
        for character in text:
            self._feed_shown(self._agent_lines.push(character))

    def _feed_shown(self, text: str) -> None:
        if self._agent_lines.drops_line and self._held.line_start is not None:
            self._cut(self._held.line_start)
            self._held = StreamBuffer()
        self._agent_lines.drops_line = False
        for character in text:
            self._feed_text(character)

    def _drop_hidden(self) -> None:
        hidden = self._hidden_text
        if hidden.drops_text:
            self.reasoning_ended = True
            self._pieces.clear()
            self._held = StreamBuffer()
            self._agent_lines = AgentLines()
            self._unmarked_list = None
            self._is_whole_line = self._in_list = False
            self._listing = ListedLines()
            self._line_characters = 0
        elif hidden.drops_line and self._held.line_start is not None:
            self._cut(self._held.line_start)
            self._held = StreamBuffer()
            self._agent_lines = AgentLines()
        hidden.drops_text = hidden.drops_line = False

    def _feed_code(self, fence: CodeFence, character: str) -> None:
        text = fence.push(character)
        if text is not None:
            self._leave(fence)
            for following in text:
                self._feed(following)

    def _leave(self, fence: CodeFence) -> None:
        self._fence = None
        if fence.ends_reasoning:
            self._hidden_text.drops_text = True
            self._drop_hidden()

    def _feed_text(self, character: str) -> None:
        if self._fence is not None:
            self._feed_code(self._fence, character)
            return
        self._held.spans.push(character)
        if character == "\n":
            self._end_line()
        elif character.isspace():
            self._add_space(character)
        else:
            self._add_visible(character)

    def _end_line(self) -> None:
        held = self._held
        line = held.line.rstrip()
        is_colon = ends_in_colon(line)
        unmarked = UnmarkedLine(line, self._line_characters, self._listing.is_listed)
        if fence := opening_fence(line):
            self._open_fence(fence, line)
        elif held.line_start is not None and (is_rule(line) or is_function_call(line)):
            self._cut(held.line_start)
            held.text = ""
        elif not line or self._is_whole_line or is_colon:
            self._cut(len(held.text))
        else:
            if self._cut_list(line):
                self._listing.is_listed = True
                unmarked = replace(unmarked, is_listed=True)
            held.text = held.text.rstrip() + "\n"
            self._check_candidate()
            self._note_candidate(unmarked)
        self._listing.end_line(unmarked, is_colon=is_colon)
        held.begin_line()
        self._is_whole_line = False
        self._line_characters = 0
        self._address_limit.end_word()

    def _cut_list(self, line: str) -> bool:
        """Cut between the lines of a list without marks; return whether they are one."""
        held = self._held
        if held.line_start == 0:
            self._unmarked_list = UnmarkedList(line)
            return False
        if self._unmarked_list is None or held.line_start is None:
            return False
        starts = self._unmarked_list.add(line, held.line_start)
        if not starts or is_inside_span(held.text[: starts[0]].rstrip()):
            return False
        for begin, end in pairwise([0, *starts]):
            self._cut(end - begin)
        return True

    def _open_fence(self, opening: OpeningFence, line: str) -> None:
        line_start = len(self._held.text.rstrip()) - len(line)
        self._cut(line_start + opening.before)
        self._held.text = ""
        self._fence = CodeFence(opening.fence)

    def _add_space(self, character: str) -> None:
        self._address_limit.end_word()
        held = self._held
        self._line_characters += 1
        if held.text and not held.text[-1].isspace():
            is_in_number = held.text[-1].isdigit() and character in NO_BREAK_SPACES
            held.text += character if is_in_number else " "
            self._check_candidate()
            self._note_candidate()
            self._check_line_mark()

    def _add_visible(self, character: str) -> None:
        held = self._held
        if character == ">" and held.at_line_start:
            return  # the mark of a block quotation
        if ends_wide_sentence(held.text, character):
            self._cut(len(held.text))
        if self._address_limit.is_exceeded_by(character, held.text):
            return
        held.text += character
        self._line_characters += 1
        self._check_line_mark()
        self._check_next_word(character)
        if len(held.text) >= MAX_HELD_CHARACTERS:
            self._cut(break_position(held.text, len(held.text) - 1, len(held.text) - 1))

    def _check_line_mark(self) -> None:
        """Cut before a line that begins a heading, a list item, a table row or a code fence."""
        held = self._held
        if held.line_start is None or (mark := parse_line_mark(held.line)) is None:
            return
        if mark.number != 1 and not self._in_list and held.line_start > 0:
            return  # as in CommonMark: only a list that begins with 1 interrupts a paragraph
        self._cut(held.line_start)
        held.line_start = 0
        self._is_whole_line = mark.is_whole_line
        self._in_list = mark.is_list_item

    def _note_candidate(self, line: UnmarkedLine | None = None) -> None:
        held = self._held
        if held.candidate is not None:
            return
        if held.citation is not None and not may_be_citation(held.text[held.citation :]):
            self._cut(held.citation)
        if may_end_sentence(held.text):
            held.candidate = len(held.text)
        elif line is not None:
            held.candidate, held.unmarked_line = len(held.text), line

    def _check_next_word(self, character: str) -> None:
        held = self._held
        if held.candidate is None:
            return
        if held.next_word is None:
            if may_precede_sentence(character) or held.takes_citation(character):
                return
            held.next_word = len(held.text) - 1
        self._check_candidate()

    def _check_candidate(self) -> None:
        held = self._held
        if held.candidate is None or held.next_word is None:
            return
        before = held.text[: held.candidate].rstrip()
        after = held.text[held.next_word :]
        is_end: bool | None
        if held.unmarked_line is not None:
            is_end = held.unmarked_line.ends_before(after[0]) and not is_inside_span(before)
        else:
            is_end = ends_sentence(before, after, self._long_characters)
        if is_end:
            self._cut(held.candidate)
        elif is_end is not None and held.citation is not None:
            self._cut(held.citation)
        elif is_end is not None:
            held.drop_candidate()

    def _cut(self, position: int) -> None:
        piece = self._held.cut(position)
        self._unmarked_list = None
        if piece.strip():
            self._pieces.append(piece)
