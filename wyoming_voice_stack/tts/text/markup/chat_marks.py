"""Recognizes what a language model writes but does not mean to be heard: reasoning, tool calls, chat templates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

MAX_MARK_CHARACTERS = 80
"""Longer text in angle brackets is no mark."""

_REASONING = frozenset(
    [
        "think",
        "longcat_think",
        "thinking",
        "thought",
        "thoughts",
        "reasoning",
        "reflection",
        "analysis",
        "scratchpad",
        "monologue",
        "inner_monologue",
        "internal_monologue",
        "antthinking",
        "inner_thought",
        "inner_thoughts",
        "thought_process",
        "thinking_process",
        "reasoning_content",
        "chain_of_thought",
        "cot",
        "commentary",
    ]
)
_TOOL_NAMES = """
    tool tools toolcall tool_call longcat_tool_call tool_calls tool_use tool_code tool_response
    tool_responses tool_result tool_results tool_output tool_outputs function functions functioncall
    function_call function_calls function_response function_result function_results invoke parameter
    arg_key arg_value available_tools start_function_call end_function_call
"""
_TOOLS = frozenset(_TOOL_NAMES.split())
_PREFIXES = ("antml", "minimax", "seed")
_SINGLE = frozenset(["s", "bos", "eos", "pad", "unk", "end_of_turn"])
_HEADED = frozenset({"start_of_turn"})
_LINE_ENDS = frozenset({"br", "p", "li"})
"""HTML elements that end the line before them."""
_DETAILS = "details"
_BLOCKS = (_DETAILS, "summary")
"""HTML elements that end the line, and hide their content only if their type says so."""
_HIDDEN_TYPES = "|".join(sorted(_REASONING | _TOOLS | {"code_interpreter"}))
_HIDDEN_BLOCK = re.compile(
    rf"\stype=(?:[\"']|&quot;|&#34;)?(?:{_HIDDEN_TYPES})(?:[\"'\s>]|&quot;|&#34;)"
)
"""The type of `<details type="reasoning">`, which Open WebUI writes; what follows it is hidden anyway."""
_NAMES = tuple(sorted(_REASONING | _TOOLS | _SINGLE | _HEADED | _LINE_ENDS))
_BRACKETS = ("INST", "SYSTEM_PROMPT", "AVAILABLE_TOOLS", "TOOL_RESULTS", "TOOL_CONTENT", "THINK")
_BRACKET_MARKS = {f"[{name}]" for name in _BRACKETS} | {f"[/{name}]" for name in _BRACKETS}
_TOOL_CALLS = "[tool_calls]"
_SYSTEM = ("<<sys>>", "<</sys>>")
_UNUSED = {"<unused94>": False, "<unused95>": True, "<ctrl94>": False, "<ctrl95>": True}
"""Tokens that models of Gemma's family and Gemini put around their reasoning, and whether they close it."""
_HALF_OPEN = {
    f"<|{name}>": name for name in ("turn", "channel", "tool", "tool_call", "tool_response")
}
_HALF_CLOSE = {f"<{name}|>": name for name in _HALF_OPEN.values()}
"""Marks with a bar on the side of the text around them: `<|channel>thought` and `<channel|>`."""
_QUOTE = '<|"|>'
"""A quotation mark in the arguments of a call."""
_FIXED = (
    *(*(mark.lower() for mark in _BRACKET_MARKS), _TOOL_CALLS, *_SYSTEM, *_UNUSED),
    *(*_HALF_OPEN, *_HALF_CLOSE, _QUOTE),
)

_HEADERS = frozenset(
    {
        *("im_start", "start_header_id", "header_start", "start", "channel"),
        *("start_of_role", "start_of_turn", "turn"),
    }
)
_LONG_HEADERS = frozenset({"start_header_id", "header_start", "start", "channel", "start_of_role"})
_HEADER_ENDS = frozenset({"end_header_id", "header_end", "end_of_role", "message", "constrain"})
HIDDEN_ROLES = frozenset(
    [
        "user",
        "human",
        "system",
        "developer",
        "tool",
        "tools",
        "tool_call",
        "tool_response",
        "ipython",
        "function",
        "observation",
        "environment",
        "context",
        "analysis",
        "commentary",
        "thought",
    ]
)
SPOKEN_ROLES = frozenset(["assistant", "model", "bot", "gpt", "ai", "final", "answer"])
_HIDDEN_NAMES = re.compile("tool|function|python_tag|think|thought|reason")

_LESS = re.compile(r"\\?<|\u25c1|\uff1c|&(?:amp;)?(?:lt|#0*60|#x0*3c);", re.IGNORECASE)
_GREATER = re.compile(r"\\?>|\u25b7|\uff1e|&(?:amp;)?(?:gt|#0*62|#x0*3e);", re.IGNORECASE)
_SLASH = re.compile(r"^<(?:\\/|\uff0f)")
"""The slash of a closing tag, as JSON and wide text write it."""
_SPACE = re.compile(r"^<\s?(/?)\s?")
_PARTIAL = re.compile(r"(?:&(?:amp;)?[#\w]{0,5}|\\)$")
_ESCAPES = (
    *("&lt;", "&#60;", "&#x3c;", "&amp;lt;", "&gt;", "&#62;", "&#x3e;", "&amp;gt;"),
    *("&quot;", "&#34;"),
)
_ELEMENT = re.compile(
    r"<(?P<slash>/?)(?P<prefix>[a-z]+:)?(?P<name>[a-z][a-z_]*)?(?P<more>[\s=/][^<>\n]*)?(?P<end>>)?"
)
_PIPED = re.compile(r"<\|(?P<name>[^|<>\n]{0,60})(?P<bar>\|)?(?P<end>>)?")
_UNSPOKEN = re.compile(
    rf"</?(?:\w+:)?(?:{'|'.join(_NAMES)})(?:[\s=/][^<>\n]{{0,80}})?>|</?[a-z]\w{{0,40}}_\w{{0,40}}(?: [^<>\n]{{0,80}})?>"
    rf"|<0x[0-9A-F]{{2}}>|<\|[^|<>\n]{{1,60}}\|>|<\|?(?:{'|'.join(_HALF_OPEN.values())})\|?>|\[/?(?:TOOL_CALLS|{'|'.join(_BRACKETS)})\]",
    re.IGNORECASE,
)
_REASONING_END = re.compile(
    rf"/(?:\w+:)?(?:{'|'.join(sorted(_REASONING))})|[|\uff5c][\w/ \u2581]*(?:think|thought|reason)|channel\||(?:unused|ctrl)95",
    re.IGNORECASE,
)
_REASONING_WORDS = ("think", "thought", "reason")

_MARK_BEGINS = ("<", "[", "\u25c1", "\uff1c", "&lt;", "&#60;", "&#x3c;", "&amp;lt;")
_REASONING_FAMILIES = frozenset({"reasoning", "think", "unused"})

MARK_STARTS = frozenset("<[&{\u25c1\uff1c")


class MarkKind(Enum):
    """What a mark does to the text behind it."""

    HIDE = "hide"
    """Up to the mark that closes it, the text is not spoken."""
    HIDE_TURN = "hide turn"
    """Up to the next mark of a chat template, or the end of a JSON value, the text is not spoken."""
    HEADER = "header"
    """A role follows, in one word."""
    LONG_HEADER = "long header"
    """A role follows, and more words up to the next mark."""
    HEADER_END = "header end"
    """The text of the turn begins, spoken or not."""
    SHOW = "show"
    """The text behind it is spoken, unless it is hidden by an element around it."""


@dataclass(frozen=True)
class ChatMark:
    """A complete mark."""

    kind: MarkKind
    family: str = ""
    """Marks that hide and marks that close belong together if their families are the same."""
    closes: bool = False
    is_template: bool = False
    """Whether it belongs to a chat template, and so ends the turn."""
    ends_line: bool = True
    """Whether the text before and behind it is never one sentence."""
    name: str = ""
    ends_reasoning: bool = False
    """Whether the text before it is reasoning, even if no mark has begun it."""


def parse_mark(text: str) -> ChatMark | bool:
    """Return the mark that `text` is, True if it may become one, or False."""
    partial = _PARTIAL.search(text)
    if partial and not _is_escape(partial[0]):
        return False
    whole = text[: partial.start()] if partial else text
    plain = _GREATER.sub(">", _LESS.sub("<", whole)).replace("\uff5c", "|").replace("\u2581", "_")
    if len(text) > MAX_MARK_CHARACTERS:
        return False
    if not plain:
        return True
    if plain.startswith("[") and plain != plain.upper():
        return False
    plain = _SLASH.sub("</", plain)
    compact = _SPACE.sub(r"<\1", plain)
    found = _parse(compact.lower())
    if compact != plain and isinstance(found, ChatMark) and not found.family:
        return False
    return True if partial and found is not False else found


def may_end_reasoning(text: str) -> bool:
    """Return whether a text may contain a mark that ends reasoning; quick, and at times wrongly True."""
    return _REASONING_END.search(text) is not None


def reasoning_mark_at_end(line: str) -> bool | None:
    """Return whether a mark at the end of a line ends reasoning (True) or begins it (False); else None."""
    end = line[-MAX_MARK_CHARACTERS:].lower()
    for begin in _MARK_BEGINS:
        place = end.rfind(begin)
        mark = parse_mark(line[-MAX_MARK_CHARACTERS:][place:]) if place >= 0 else None
        if isinstance(mark, ChatMark) and mark.ends_reasoning:
            return True
        if isinstance(mark, ChatMark) and mark.family in _REASONING_FAMILIES:
            return False
    return None


def without_marks(text: str) -> str:
    """Replace every mark in a text with a space, also in inline code."""
    return _UNSPOKEN.sub(" ", text) if "<" in text or "[" in text else text


def _is_escape(partial: str) -> bool:
    lowered = partial.lower()
    return partial == "\\" or any(escape.startswith(lowered) for escape in _ESCAPES)


def _parse(mark: str) -> ChatMark | bool:
    if mark in _FIXED:
        return _fixed(mark)
    if any(fixed.startswith(mark) for fixed in _FIXED):
        return True
    return _parse_piped(mark) if mark.startswith("<|") else _parse_element(mark)


def _parse_piped(mark: str) -> ChatMark | bool:
    piped = _PIPED.fullmatch(mark)
    if piped is None or (piped["end"] and not (piped["bar"] and piped["name"])):
        return False
    return _template(piped["name"]) if piped["end"] else True


def _parse_element(mark: str) -> ChatMark | bool:
    element = _ELEMENT.fullmatch(mark)
    if element is None:
        return False
    name = element["name"] or ""
    if not (element["more"] or element["end"]):
        known = _NAMES if element["prefix"] else (*_NAMES, *_BLOCKS, *_PREFIXES)
        return any(one.startswith(name) for one in known)
    if name == _DETAILS and not element["slash"] and _HIDDEN_BLOCK.search(mark):
        return ChatMark(MarkKind.HIDE, _DETAILS, name=_DETAILS)
    if name not in _NAMES and name not in _BLOCKS:
        return False
    if not element["end"]:
        return True
    return _element(name, is_closing=bool(element["slash"]), is_empty=mark.endswith("/>"))


def _fixed(mark: str) -> ChatMark:
    if mark == _TOOL_CALLS:
        return ChatMark(MarkKind.HIDE_TURN)
    if name := _HALF_CLOSE.get(mark):
        return ChatMark(MarkKind.SHOW, is_template=True, ends_reasoning=name == "channel")
    if name := _HALF_OPEN.get(mark):
        return _template(name)
    if mark == _QUOTE:
        return ChatMark(MarkKind.SHOW, ends_line=False)
    family = "unused" if mark in _UNUSED else mark.strip("[]<>/")
    closes = _UNUSED.get(mark, "/" in mark)
    ends_reasoning = closes and family in {"unused", "think"}
    kind = MarkKind.SHOW if closes else MarkKind.HIDE
    return ChatMark(kind, family, closes, name=family, ends_reasoning=ends_reasoning)


def _template(name: str) -> ChatMark:
    name = name.strip()
    if name in _HEADERS:
        kind = MarkKind.LONG_HEADER if name in _LONG_HEADERS else MarkKind.HEADER
        return ChatMark(kind, is_template=True)
    if name in _HEADER_ENDS:
        return ChatMark(MarkKind.HEADER_END, is_template=True)
    is_end = name.startswith(("/", "end")) or name.endswith("end")
    hides = not is_end and (name in HIDDEN_ROLES or _HIDDEN_NAMES.search(name) is not None)
    ends_reasoning = is_end and any(word in name for word in _REASONING_WORDS)
    kind = MarkKind.HIDE_TURN if hides else MarkKind.SHOW
    return ChatMark(kind, is_template=True, ends_reasoning=ends_reasoning)


def _element(name: str, *, is_closing: bool, is_empty: bool) -> ChatMark:
    if name in _HEADED:
        return ChatMark(MarkKind.HEADER, is_template=True)
    if name in _SINGLE:
        return ChatMark(MarkKind.SHOW, is_template=True, ends_line=False)
    if name in _LINE_ENDS:
        return ChatMark(MarkKind.SHOW)
    if name in _BLOCKS:
        family = _DETAILS if name == _DETAILS else ""
        return ChatMark(MarkKind.SHOW, family, is_closing, name=name)
    family = "reasoning" if name in _REASONING else "tools"
    closes = is_closing or name.startswith("end_")
    if closes or is_empty:
        ends_reasoning = closes and family == "reasoning"
        return ChatMark(MarkKind.SHOW, family, closes, name=name, ends_reasoning=ends_reasoning)
    return ChatMark(MarkKind.HIDE, family, name=name)
