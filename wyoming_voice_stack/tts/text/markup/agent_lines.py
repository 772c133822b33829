"""Drops from a stream the lines in which an agent calls a tool, such as `Action: search["tea"]`."""

from __future__ import annotations

import re
from collections.abc import Callable

from wyoming_voice_stack.tts.text.markup.call_lines import (
    LONGEST_NAME,
    MAX_CALL_CHARACTERS,
    Brackets,
    begins_call,
    is_call,
    is_call_name,
    may_follow_call,
    opens_call,
)

MAX_THOUGHT_CHARACTERS = 1000
"""A longer text behind `Thought:` is spoken."""
MAX_ACTION_CHARACTERS = 200
"""A longer text behind `Action:` is no name of a tool."""
_THOUGHT, _OBSERVATION, _ANSWER = "Thought:", "Observation:", "Final Answer:"
_SHORT_ANSWER = "Answer:"
"""The same behind a thought; elsewhere it is text."""
_THOUGHT_LABEL = re.compile(r"^[ \t*]*Thought:[ \t*]*", re.MULTILINE)
_ACTION, _INPUT = "Action:", "Action Input:"
_CALLS = (
    *(_ACTION, "Call:", "Tool call:", "Tool Call:", "Tool:", "Function call:", "Function Call:"),
    *("Calling tool:", "Calling function:"),
)
"""Labels before a call, which may also be the beginning of prose."""
_LABELS = (_THOUGHT, _OBSERVATION, _ANSWER, _SHORT_ANSWER, _INPUT, *_CALLS)
_TOOL = re.compile(r"`?[A-Za-z][\w.-]*(?: [\w.-]+){0,3}`?[ \t]*|`")
"""A tool's name in words, which `Action Input:` in the next line proves: `Action: Web Search`."""
_IDENTIFIER = re.compile(r"(?:[A-Z][\w ]*:\s*)?`?(?:[a-z]\w*\.)?[a-z][a-z0-9]*(?:_[a-z0-9]+)+`?")
"""The name of a tool that is no word of prose."""
_CALLED = re.compile(r"[A-Za-z_][\w.-]{0,60}(?:\[|\([\"'{\[])")
_IN_CALL = re.compile(r"(?P<name>[A-Za-z_][\w.-]{0,60})\((?P<argument>\w{0,40})(?P<end>[=)]?)")
_OPEN_JSON = re.compile(r"[\[{]\s*(?![^\s\"'{\[\]}])")
_FENCE = "```"


class AgentLines:
    """Holds back the beginning of a line until it is clear whether an agent calls a tool in it.

    A thought is spoken unless a tool call or the final answer follows in the next line; at the beginning of the
    text, without the word before it. In place of what is dropped, a line ends.
    """

    def __init__(self) -> None:
        self._line = ""
        """What is held back."""
        self._name = ""
        """The beginning of a line that is spoken unless it is the name of a function."""
        self.drops_line = False
        """Whether `push` or `finish` has found that what was returned of this line is not spoken; the caller resets it."""
        self._state: Callable[[str], str] = self._push_start
        self._brackets: Brackets | None = None
        self._thought = ""
        self._is_agent = False
        """Whether a tool has been called, so that an observation is its result."""
        self._is_text = False
        """Whether the text has begun with something other than a line of an agent."""

    @property
    def line(self) -> str:
        """The part of the current line that is held back."""
        return self._line

    @property
    def held_characters(self) -> int:
        """The characters in memory."""
        return len(self._line) + len(self._thought)

    def push(self, character: str) -> str:
        """Take a character and return the text that is certain now."""
        return self._state(character)

    def finish(self) -> str:
        """Return the rest of the text."""
        line, state = self._line, self._state
        if state == self._push_hidden:
            return ""
        call = self._name + line
        if state == self._push_call and (
            is_call(call) or (begins_call(call) and not self._is_closed())
        ):
            self.drops_line = True
            return ""
        is_named = state == self._push_action and _IDENTIFIER.fullmatch(_plain(line).strip())
        text = self._released("" if is_named else line)
        self._line = ""
        self._state = self._push_start
        return text

    def _is_closed(self) -> bool:
        return self._brackets is None or self._brackets.is_closed

    def _push_text(self, character: str) -> str:
        if character == "\n":
            self._state, self._name = self._push_start, ""
            return self._thought_and(character)
        return self._thought_and(character) if self._thought else self._with_name(character)

    def _thought_and(self, character: str) -> str:
        if not self._thought:
            return character
        self._thought += character
        return self._released("") if len(self._thought) > MAX_THOUGHT_CHARACTERS else ""

    def _with_name(self, character: str) -> str:
        """Return a character of a line, unless it opens the brackets of a call."""
        if len(self._name) <= LONGEST_NAME:
            self._name += character
            if character == "(" and opens_call(self._name):
                self._brackets = Brackets()
                for bracket in "[(" if self._name.lstrip().startswith("[") else "(":
                    self._brackets.push(bracket)
                self._name, self._line = self._name[:-1], character
                self._state = self._push_call
                return ""
        return character

    def _push_start(self, character: str) -> str:
        self._line += character
        line, plain = self._line, _plain(self._line)
        if plain in _LABELS:
            return self._begin(plain)
        is_label = any(label.startswith(plain) for label in _LABELS) and not line.startswith("* ")
        if character != "\n" and is_label and len(line) <= LONGEST_NAME:
            return ""
        return self._as_text()

    def _begin(self, label: str) -> str:
        """Take a complete label."""
        if label in _CALLS:
            self._state = self._push_action
            return ""
        if label == _INPUT or (label == _OBSERVATION and self._is_agent):
            return self._hide()
        line, self._line, self._name = self._line, "", label
        self._state = self._push_text
        if label == _THOUGHT:
            self._thought += line
            return ""
        if label == _ANSWER or (label == _SHORT_ANSWER and self._thought):
            self._thought = ""
            return ""
        return self._released(line)

    def _push_action(self, character: str) -> str:
        """Take what follows a label before a call."""
        self._line += character
        rest = _plain(self._line).partition(":")[2].lstrip(" \t")
        content = rest.lstrip()
        if len(self._line) > MAX_ACTION_CHARACTERS:
            return self._as_text()
        if not content:
            return ""
        if content[0] in "{[" and _OPEN_JSON.match(content):
            return "" if _OPEN_JSON.fullmatch(content) else self._hide_brackets(content)
        return self._push_next_line(content) if rest[0] == "\n" else self._push_tool(content)

    def _push_next_line(self, content: str) -> str:
        if not _FENCE.startswith(content):
            return self._as_text()
        return self._as_text(content) if content == _FENCE else ""

    def _push_tool(self, content: str) -> str:
        """Take the name of a tool, and the beginning of its call or of the next line."""
        if _CALLED.fullmatch(content):
            return self._hide_brackets(content[-1])
        if call := _IN_CALL.fullmatch(content):
            return self._take_call(call)
        name, is_over, following = content.partition("\n")
        if not _TOOL.fullmatch(name) or len(name) > LONGEST_NAME:
            return self._as_text()
        following = following.lstrip(" \t")
        if is_over and (following == _INPUT or _IDENTIFIER.fullmatch(name.strip())):
            return self._hide("\n" if following != _INPUT else "")
        return "" if not is_over or _INPUT.startswith(following) else self._as_text()

    def _take_call(self, call: re.Match[str]) -> str:
        """Take the beginning of a call behind a label, up to what tells that it is one: `search(q=`."""
        if not call["end"]:
            return ""
        is_name = is_call_name(call["name"]) or not call["argument"]
        if call["end"] == ")":
            return self._hide(")") if is_name else self._as_text()
        return self._hide_brackets("(")

    def _push_call(self, character: str) -> str:
        """Take what follows the opening bracket of a call."""
        self._line += character
        line = self._name + self._line
        if not self._is_closed():
            if self._brackets:
                self._brackets.push(character)
            if len(line) <= MAX_CALL_CHARACTERS:
                return ""
            self.drops_line = begins_call(line)
            return self._hide_brackets("") if self.drops_line else self._as_text()
        if character == "\n" and is_call(line):
            self.drops_line = True
            return self._hide("\n")
        is_tail = character != "\n" and may_follow_call(line[line.rfind(")") + 1 :])
        return "" if is_tail and len(line) <= MAX_CALL_CHARACTERS else self._as_text()

    def _hide_brackets(self, opening: str) -> str:
        brackets = self._brackets or Brackets()
        text = self._hide()
        for character in opening:
            brackets.push(character)
        self._brackets = brackets
        return text

    def _hide(self, character: str = "") -> str:
        """Hide what is held back, and the text up to the end of the line or of its brackets.

        `character` is the last one, if the line may not begin any more.
        """
        self._line, self._thought, self._name = character.strip(), "", ""
        self._is_agent, self._brackets = True, None
        self._state = self._push_start if character == "\n" else self._push_hidden
        return "\n"

    def _push_hidden(self, character: str) -> str:
        if self._brackets is not None:
            if not self._brackets.push(character):
                return ""
            self._state, self._name = self._push_text, _INPUT
            return "\n"
        if not self._line and (character.isspace() or character == "*"):
            return ""
        if not self._line and character in "{[":
            self._brackets = Brackets()
            self._brackets.push(character)
        elif not self._line and character == "`":
            self._state, self._name = self._push_text, ""
            return "\n`"
        elif character == "\n":
            self._line, self._state = "", self._push_start
            return "\n"
        else:
            self._line = character  # The line has begun.
        return ""

    def _as_text(self, text: str = "") -> str:
        """Return what is held back as text; its second line is examined like any other."""
        text, self._line, self._name = text or self._line, "", ""
        released = self._released("") if text.strip() else ""
        self._is_text = self._is_text or (bool(text.strip()) and not self._thought)
        self._state = self._push_text
        return released + "".join(map(self.push, text))

    def _released(self, text: str) -> str:
        thought, self._thought = self._thought, ""
        if not self._is_text:
            thought = _THOUGHT_LABEL.sub("", thought)
        self._is_text = self._is_text or bool(text.strip())
        return thought + text


def _plain(line: str) -> str:
    """Return a line without emphasis and the white space before it."""
    return line.replace("*", "").lstrip(" \t")
