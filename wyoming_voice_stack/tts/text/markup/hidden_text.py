"""Removes from a stream of text what a language model did not mean to be heard."""

from __future__ import annotations

import re

from wyoming_voice_stack.tts.text.markup.chat_marks import (
    HIDDEN_ROLES,
    MARK_STARTS,
    MAX_MARK_CHARACTERS,
    SPOKEN_ROLES,
    ChatMark,
    MarkKind,
    parse_mark,
)
from wyoming_voice_stack.tts.text.markup.code_span import (
    BackquoteCounter,
    follows_quotation_mark,
    in_span_behind,
)
from wyoming_voice_stack.tts.text.markup.json_tool_calls import (
    JsonToolCall,
    JsonValue,
    begins_function_call,
    is_call_label,
)
from wyoming_voice_stack.tts.text.markup.open_elements import OpenElements

MAX_HEADER_CHARACTERS = 64
"""Longer text behind the mark of a header is no role."""
_SHORTEST_CUT_MARK = 3
"""A mark that the end of the text cuts off is dropped if it has as many characters."""
_IN_SENTENCE = re.compile("[^\\W_][,)*_ ]* [(\"'\u201c\u201e\u00ab]?$")
"""The line before a tag that stands within a sentence."""
_TEMPLATE = "template"
_BEFORE_TOOL_CALL = frozenset({"", " ", "\n", "["})


class HiddenText:
    """Drops reasoning, tool calls and the marks of chat templates from a stream, character by character.

    In place of what it drops, a line ends.
    """

    def __init__(self) -> None:
        self.drops_text = self.drops_line = False
        """Whether `push` has found that the text before, or the current line, is not spoken either.

        The caller resets them.
        """
        self._reset()

    def _reset(self) -> None:
        self._pending = ""
        self._hidden_by = ""
        """Family of the mark that hides the text; `template` for a turn of a chat template."""
        self._elements: OpenElements | None = None
        self._hidden_line = BackquoteCounter()
        self._json: JsonValue | None = None
        self._tool_call: JsonToolCall | None = None
        self._before_call = ""
        """The line before the tool call."""
        self._header: str | None = None
        self._header_is_long = False

    @property
    def is_active(self) -> bool:
        """Whether the next character may not be text."""
        return (
            bool(self._pending or self._hidden_by)
            or self._header is not None
            or self._tool_call is not None
        )

    @property
    def held_characters(self) -> int:
        """The characters in memory."""
        held = self._tool_call.text if self._tool_call else ""
        uncertain = self._elements.uncertain if self._elements else ""
        return len(self._pending) + len(self._header or "") + len(held) + len(uncertain)

    def push(self, character: str, before: str, *, in_span: bool) -> str:
        """Take a character and return the text that is certain now.

        `before` is the current line; `in_span` is whether what follows it is inside a code span.
        """
        if character == "{" and not self.is_active and begins_function_call(before):
            self.drops_line = True
            self._hide_turn()
            return self._text(character)
        if character == "{" and before[-1:] in _BEFORE_TOOL_CALL and not self.is_active:
            in_line = bool(before.strip()) and before.strip() != "[" and not is_call_label(before)
            self._tool_call, self._before_call = JsonToolCall(in_line=in_line), before
        if self._tool_call is not None:
            return self._push_tool_call(self._tool_call, character)
        if self._pending:
            return self._push_pending(character, before, in_span=in_span)
        is_start = character in MARK_STARTS and character != "{"
        if is_start and not self._is_literal(before, in_span=in_span):
            self._pending = character
            return ""
        return self._text(character)

    def _push_pending(self, character: str, before: str, *, in_span: bool) -> str:
        self._pending += character
        mark = parse_mark(self._pending)
        if mark is True:
            return ""
        text, self._pending = self._pending, ""
        if isinstance(mark, ChatMark):
            return self._apply(mark, text, before, in_span=in_span)
        shown = "".join(map(self._text, text[:-1]))
        if shown:
            in_span = in_span_behind(shown, in_span=in_span)
            before = _last_line(before[-1:] + shown)
        return shown + self.push(character, before, in_span=in_span)

    def finish(self) -> str:
        """Return the rest of the text."""
        if self._tool_call is not None:
            self._tool_call = None
            return "\n"
        text, self._pending = self._pending, ""
        shown = "".join(map(self._text, text)) if len(text) < _SHORTEST_CUT_MARK else ""
        if self._elements is not None and self._elements.uncertain:
            return self._show_uncertain(self._elements) + self.finish()
        return shown + self._end_header()

    def _is_literal(self, before: str, *, in_span: bool) -> bool:
        """Whether a mark at this place is quoted as code: it stands directly behind a backquote."""
        if self._hidden_by:
            return self._hidden_line.is_directly_behind
        return in_span and before.endswith("`")

    def _show_uncertain(self, elements: OpenElements) -> str:
        """Take the text behind an inner element once more, as text of its own."""
        self._reset()
        shown: list[str] = []
        line, spans = elements.sentence if elements.is_mention else "", BackquoteCounter()
        for character in elements.uncertain:
            text = self.push(character, line, in_span=spans.is_inside)
            if self.drops_text:
                shown.clear()
            shown.append(text)
            for one in text:
                spans.push(one)
                line = "" if one == "\n" else line + one
        return "".join(shown) if elements.is_mention else "\n" + "".join(shown)

    def _push_tool_call(self, tool_call: JsonToolCall, character: str) -> str:
        is_call = tool_call.push(character)
        if is_call is None:
            return ""
        self._tool_call = None
        if is_call:
            is_in_list = self._before_call.strip() == "["
            self.drops_line = is_in_list or is_call_label(self._before_call)
            if is_in_list:
                self._hidden_by, self._json = _TEMPLATE, JsonValue(depth=1)
            is_behind = bool(tool_call.text)
            return "\n" + (self.push(character, "", in_span=False) if is_behind else "")
        text = tool_call.text[:-1]
        # The last character may begin a mark.
        return text + (self.push(character, text[-1:], in_span=False) if text else character)

    def _text(self, character: str) -> str:
        if self._header is not None:
            return self._push_header(character)
        if self._json is not None:
            taken = self._json.takes(character)
            if taken is None:
                self._json = None
            elif not taken:
                self._json, self._hidden_by = None, ""
                return f"\n{character}"
        if self._hidden_by:
            self._hidden_line.push(character)
            return self._keep_uncertain(character)
        return character

    def _keep_uncertain(self, hidden: str) -> str:
        elements = self._elements
        if elements is None or not hidden:
            return ""
        was_undecided = elements.is_mention is None
        if elements.push(hidden):
            return self._show_uncertain(elements)
        return "\n" if was_undecided and not elements.is_mention else ""

    def _apply(self, mark: ChatMark, source: str, before: str, *, in_span: bool) -> str:
        text = self._end_header()
        if mark.ends_reasoning and not self._hidden_by:
            if in_span or follows_quotation_mark(before):
                return text
            self.drops_text = True
        if self._hidden_by and not self._ends_hiding(mark):
            is_counted = self._elements is not None and self._elements.family == mark.family
            return text if is_counted else text + self._keep_uncertain(source)
        self._hidden_by, self._json, self._elements = "", None, None
        if mark.kind is MarkKind.HIDE:
            sentence = before if _IN_SENTENCE.search(before[-MAX_MARK_CHARACTERS:]) else ""
            self._hidden_by, self._elements = mark.family, OpenElements(mark, sentence)
            self._hidden_line = BackquoteCounter()
            if sentence:
                return text
        elif mark.kind is MarkKind.HIDE_TURN:
            self._hide_turn()
        elif mark.kind in {MarkKind.HEADER, MarkKind.LONG_HEADER}:
            self._header, self._header_is_long = "", mark.kind is MarkKind.LONG_HEADER
        return f"{text}\n" if mark.ends_line else text

    def _ends_hiding(self, mark: ChatMark) -> bool:
        if self._elements is None:
            return mark.is_template and mark.kind is not MarkKind.HEADER_END
        if mark.closes and mark.family == self._elements.family:
            return self._elements.close(mark)
        if mark.kind is MarkKind.HIDE or (mark.family == "details" and not mark.closes):
            self._elements.open(mark)
        return False

    def _hide_turn(self) -> None:
        self._hidden_by, self._json = _TEMPLATE, JsonValue()

    def _push_header(self, character: str) -> str:
        self._header = header = (self._header or "") + character
        if len(header) > MAX_HEADER_CHARACTERS:
            self._header = None
            return header
        is_end = character == "\n" or (character.isspace() and not self._header_is_long)
        if not is_end or (character != "\n" and not header.strip()):
            return ""
        text = self._end_header()
        return "" if self._hidden_by else text + character

    def _end_header(self) -> str:
        """Hide the turn if the header's role is not spoken; return what is no header."""
        header, self._header = self._header or "", None
        words = header.split()
        if not words:
            return ""
        if words[0].lower() in HIDDEN_ROLES or any(word.startswith("to=") for word in words):
            self._hide_turn()
            return ""
        if words[0].lower() in SPOKEN_ROLES:
            return ""
        return header.rstrip()


def _last_line(text: str) -> str:
    return text.rpartition("\n")[2]
