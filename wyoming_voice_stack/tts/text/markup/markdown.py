"""Extracts the readable text from Markdown."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from wyoming_voice_stack.tts.text.markup.code_fence import is_text_behind_fence

_IGNORED_LINES = re.compile(
    r"^(?:(?=[^\n]*[-|=]{2})[-:|= \t>]+|[ \t>]*\[[^\]\n]+\]:[ \t]*<?\w+://\S+.*)$",
    re.MULTILINE,
)
"""Horizontal rules, table delimiter rows, and link reference definitions."""

_TILDE_ORNAMENT = re.compile(r"^[ \t>]*~{3,}(?=[^~\n]+~)", re.MULTILINE)
"""Decorative tildes, which CommonMark would take for a code fence that is never closed."""

_FENCE_BEFORE_TEXT = re.compile(r"^([ \t>]*)(?:`{3,}|~{3,})(?=([^`~\n]+)$)", re.MULTILINE)
"""A closing fence with text behind it, which CommonMark would take for an opening one."""

_MULTIPLICATION = re.compile(r"(?<=\d)\*+(?=\d)|(?<=\b[^\W_])\*(?=[^\W_]\b)")
"""Asterisks of a multiplication without white space."""

_TASK_BOX = re.compile(r"^\[[ xX]\]\s+")
_TAG_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
_TAGS_IN_WORDS = frozenset(
    {"a", "b", "code", "del", "em", "i", "ins", "mark", "s", "small", "span", "strong", "sub", "u"},
)


def plain_blocks(markdown: str) -> list[str]:
    """Return the text of each heading, paragraph, list item and quotation, without the markup.

    Fenced code, HTML tags, autolinks and the targets of links and images are left out. The numbers
    of an ordered list stay.
    """
    text = _TILDE_ORNAMENT.sub("", _IGNORED_LINES.sub("", markdown))
    text = _FENCE_BEFORE_TEXT.sub(
        lambda match: match[1] if is_text_behind_fence(match[2]) else match[0], text
    )
    text = _MULTIPLICATION.sub(lambda stars: "\\*" * len(stars[0]), text)
    blocks = []
    mark = ""
    for token in _parser().parse(text):
        if token.type == "list_item_open":
            mark += f"{token.info}. " if token.info else ""
        elif token.type == "list_item_close" and mark:
            blocks.append(mark)
            mark = ""
        elif token.type == "inline":
            text = "".join(_inline_text(token.children or []))
            blocks.append(mark + _TASK_BOX.sub("", text))
            mark = ""
    return blocks


class _TextParser(MarkdownIt):
    """Accepts links to any address, also to a file: none is followed, and the target is not spoken."""

    def validateLink(self, url: str) -> bool:  # noqa: N802
        """Accept every address."""
        return bool(url)


MAX_NESTING = 8
"""Marks inside each other in a line that are parsed. Each bracket of a long row is read once for each level."""
MAX_BLOCK_NESTING = 100
"""Lists and quotations inside each other, two levels for each. The text of deeper ones is lost, and each number
of `3. 2. 1. Go!` opens a list."""


@functools.cache
def _parser() -> MarkdownIt:
    parser = _new_parser(MAX_BLOCK_NESTING)
    parser.core.ruler.at("inline", _parse_lines)
    return parser


@functools.cache
def _line_parser() -> MarkdownIt:
    return _new_parser(MAX_NESTING)


def _new_parser(max_nesting: int) -> MarkdownIt:
    parser = _TextParser("commonmark", {"maxNesting": max_nesting}).enable("strikethrough")
    return parser.disable(["code", "html_block", "reference"])


def _parse_lines(state: StateCore) -> None:
    """Parse the text of each block, as the library does, with a lower bound for the nesting."""
    parser = _line_parser()
    for token in state.tokens:
        if token.type == "inline":
            token.children = []
            parser.inline.parse(token.content, parser, state.env, token.children)


def _inline_text(tokens: Sequence[Token]) -> Iterator[str]:
    in_address = False
    for token in tokens:
        if token.markup == "autolink":
            in_address = token.type == "link_open"
        elif in_address:
            continue
        elif token.type == "image":
            yield from _inline_text(token.children or [])
        elif token.type in {"softbreak", "hardbreak"}:
            yield "\n"
        elif token.type == "html_inline":
            yield _space_for_tag(token.content)
        else:
            yield token.content


def _space_for_tag(tag: str) -> str:
    name = _TAG_NAME.match(tag)
    return "" if name is None or name[1].lower() in _TAGS_IN_WORDS else " "
