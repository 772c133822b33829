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

MAX_HEADER_CHARACTERS = 64
"""Longer text behind the mark of a header is no role."""
_SHORTEST_CUT_MARK = 3
"""A mark that the end of the text cuts off is dropped if it has as many characters."""
_LITERAL = "`"
"""A mark directly behind it is quoted as code."""
_TEMPLATE = "template"


class JsonValue:
    """Follows the JSON values behind the mark of a tool call."""

    def __init__(self) -> None:
        self._depth = 0
        self._in_string = self._escaped = False
        self._started = False

    def takes(self, character: str) -> bool | None:
        """Return whether `character` belongs to the values; None if there is no JSON."""
        if self._in_string:
            self._in_string = self._escaped or character != '"'
            self._escaped = character == "\\" and not self._escaped
        elif character in "[{":
            self._depth += 1
            self._started = True
        elif self._depth:
            self._depth -= character in "]}"
            self._in_string = character == '"'
        elif not character.isspace():
            return character in ",;" if self._started else None
        return True


class HiddenText:
    """Drops reasoning, tool calls and the marks of chat templates from a stream, character by character.

    In place of what it drops, a line ends.
    """

    def __init__(self) -> None:
        self._pending = ""
        self._hidden_by = ""
        """Family of the mark that hides the text; `template` for a turn of a chat template."""
        self._json: JsonValue | None = None
        self._header: str | None = None
        self._header_is_long = False

    @property
    def is_active(self) -> bool:
        """Whether the next character may not be text."""
        return bool(self._pending or self._hidden_by) or self._header is not None

    @property
    def held_characters(self) -> int:
        """The characters in memory."""
        return len(self._pending) + len(self._header or "")

    def push(self, character: str, before: str) -> str:
        """Take a character and return the text that is certain now; `before` is the last text."""
        if not self._pending:
            if character not in MARK_STARTS or before == _LITERAL:
                return self._text(character)
            self._pending = character
            return ""
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
        text, self._pending = self._pending, ""
        shown = "".join(map(self._text, text)) if len(text) < _SHORTEST_CUT_MARK else ""
        return shown + self._end_header()

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
