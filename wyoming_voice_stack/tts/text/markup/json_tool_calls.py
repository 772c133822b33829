"""Recognizes JSON, and tool calls that a model writes as JSON without any mark."""

from __future__ import annotations

import re

MAX_TOOL_CALL_CHARACTERS = 500
"""Text that is held back until it is clear whether it is a tool call."""

_NAMES = (
    *(
        "name",
        "function",
        "function_name",
        "tool",
        "tool_name",
        "tool_calls",
        "function_call",
        "action",
    ),
    *("service", "recipient_name", "tool_call", "call", "method", "intent"),
)
"""Keys of the name of what is called."""
_OTHERS = (
    "id",
    "type",
    "arguments",
    "parameters",
    "args",
    "tool_input",
    "action_input",
    "index",
    "domain",
)
_STARTS = tuple(f'{{"{key}":' for key in (*_NAMES, *_OTHERS))
_NAMED = re.compile(rf'"(?:{"|".join(_NAMES)})"\s*:')
_ARGUMENTS = re.compile(
    r'"(?:arguments|parameters|args|kwargs|tool_input|action_input|function|tool_calls|service_data|target'
    r'|entity_id|slots|params)"\s*:'
)
_GOES_ON = frozenset(".,;:!?)")
_LABEL = re.compile(
    r"\s*\**(?:action|(?:calling )?(?:tool|function)(?:[ _](?:call|use))?|call)s?\**\s?:?\**\s*",
    re.IGNORECASE,
)
_FUNCTION_CALL = re.compile(r"\s*(?:to=)?functions\.\w+(?:[.:]\w+)?\s*\(?\s*")
_EMPTY_CALL = re.compile(rf"{_FUNCTION_CALL.pattern}\((?:\s*\w+\s*=[^)]*)?\);?\s*")


def begins_function_call(line: str) -> bool:
    """Return whether a line before a brace calls a function, as in `functions.turn_on({`."""
    return "functions." in line and _FUNCTION_CALL.fullmatch(line) is not None


def is_function_call(line: str) -> bool:
    """Return whether a line is a call such as `functions.get_time()`."""
    return "functions." in line and _EMPTY_CALL.fullmatch(line) is not None


def is_call_label(line: str) -> bool:
    """Return whether a line before a tool call only announces it, as in `Tool call: {`."""
    return _LABEL.fullmatch(line) is not None


class JsonValue:
    """Follows the JSON values behind the mark of a tool call."""

    def __init__(self, depth: int = 0) -> None:
        """Follow values inside `depth` brackets that are open already."""
        self._depth = depth
        self._in_string = self._escaped = False
        self._started = depth > 0

    @property
    def is_complete(self) -> bool:
        """Whether a value has begun and ended."""
        return self._started and not self._depth

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
            return character in ",;)" if self._started else None
        return True


class JsonToolCall:
    """A text that begins with a brace, until it is a complete tool call or something else."""

    def __init__(self, *, in_line: bool) -> None:
        """`in_line` is whether text stands before it, which may go on behind it."""
        self.text = ""
        """What is held back; empty once it is certain that it is not spoken."""
        self._in_line = in_line
        self._json = JsonValue()
        self._begins_as_call = False
        self._has_arguments = False

    def push(self, character: str) -> bool | None:
        """Take a character; return whether the text is a tool call, or None if more must be seen."""
        if self._has_arguments and self._json.is_complete:
            return self._push_behind(character)
        self._json.takes(character)
        if self._has_arguments:
            return self._push_arguments(character)
        self.text += character
        quoted = self.text.replace("'", '"')
        if not self._begins_as_call:
            compact = "".join(quoted.split())
            self._begins_as_call = compact.startswith(_STARTS)
            if not (self._begins_as_call or any(start.startswith(compact) for start in _STARTS)):
                return False
        if character == ":" and _ARGUMENTS.search(quoted) and _NAMED.search(quoted):
            self._has_arguments = True
            self.text = self.text if self._in_line else ""
            return None
        if self._json.is_complete or len(self.text) >= MAX_TOOL_CALL_CHARACTERS:
            return False
        return None

    def _push_arguments(self, character: str) -> bool | None:
        if self._in_line:
            self.text += character
        if len(self.text) >= MAX_TOOL_CALL_CHARACTERS:
            self._in_line, self.text = False, ""
        return True if self._json.is_complete and not self._in_line else None

    def _push_behind(self, character: str) -> bool | None:
        """Take what follows a call in a line; if the sentence goes on, the JSON is a part of it."""
        self.text += character
        if character.isspace() and character != "\n" and len(self.text) < MAX_TOOL_CALL_CHARACTERS:
            return None
        return not (character.islower() or character in _GOES_ON)
