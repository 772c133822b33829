"""Removes from a stream of text what a language model did not mean to be heard."""

from __future__ import annotations

from wyoming_voice_stack.tts.text.markup.chat_marks import (
    HIDDEN_ROLES,
    MARK_STARTS,
    SPOKEN_ROLES,
    ChatMark,
    MarkKind,
    parse_mark,
)
from wyoming_voice_stack.tts.text.markup.json_tool_calls import JsonToolCall, JsonValue

MAX_HEADER_CHARACTERS = 64
"""Longer text behind the mark of a header is no role."""
_SHORTEST_CUT_MARK = 3
"""A mark that the end of the text cuts off is dropped if it has as many characters."""
_LITERAL = "`"
"""A mark directly behind it is quoted as code."""
_TEMPLATE = "template"
_BEFORE_TOOL_CALL = frozenset({"", " ", "\n", "["})


class HiddenText:
    """Drops reasoning, tool calls and the marks of chat templates from a stream, character by character.

    In place of what it drops, a line ends.
    """

    def __init__(self) -> None:
        self._pending = ""
        self._hidden_by = ""
        """Family of the mark that hides the text; `template` for a turn of a chat template."""
        self._json: JsonValue | None = None
        self._tool_call: JsonToolCall | None = None
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
        return len(self._pending) + len(self._header or "") + len(held)

    def push(self, character: str, before: str) -> str:
        """Take a character and return the text that is certain now; `before` is the last text."""
        if character == "{" and before in _BEFORE_TOOL_CALL and not self.is_active:
            self._tool_call = JsonToolCall()
        if self._tool_call is not None:
            return self._push_tool_call(self._tool_call, character)
        if self._pending:
            return self._push_pending(character, before)
        if character in MARK_STARTS and character != "{" and before != _LITERAL:
            self._pending = character
            return ""
        return self._text(character)

    def _push_pending(self, character: str, before: str) -> str:
        self._pending += character
        mark = parse_mark(self._pending)
        if mark is True:
            return ""
        text, self._pending = self._pending, ""
        if isinstance(mark, ChatMark):
            return self._apply(mark)
        shown = "".join(map(self._text, text[:-1]))
        return shown + self.push(character, (shown or before)[-1:])

    def finish(self) -> str:
        """Return the rest of the text."""
        if self._tool_call is not None:
            self._tool_call = None
            return "\n"
        text, self._pending = self._pending, ""
        shown = "".join(map(self._text, text)) if len(text) < _SHORTEST_CUT_MARK else ""
        return shown + self._end_header()

    def _push_tool_call(self, tool_call: JsonToolCall, character: str) -> str:
        is_call = tool_call.push(character)
        if is_call is None:
            return ""
        self._tool_call = None
        if is_call:
            return "\n"
        text = tool_call.text[:-1]
        # The last character may begin a mark.
        return text + (self.push(character, text[-1:]) if text else character)

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
        return "" if self._hidden_by else character

    def _apply(self, mark: ChatMark) -> str:
        text = self._end_header()
        if self._hidden_by == _TEMPLATE:
            if not mark.is_template or mark.kind is MarkKind.HEADER_END:
                return text
        elif self._hidden_by and not (mark.closes and mark.family == self._hidden_by):
            return text
        self._hidden_by, self._json = "", None
        if mark.kind is MarkKind.HIDE:
            self._hidden_by = mark.family
        elif mark.kind is MarkKind.HIDE_TURN:
            self._hide_turn()
        elif mark.kind in {MarkKind.HEADER, MarkKind.LONG_HEADER}:
            self._header, self._header_is_long = "", mark.kind is MarkKind.LONG_HEADER
        return f"{text}\n" if mark.ends_line else text

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
