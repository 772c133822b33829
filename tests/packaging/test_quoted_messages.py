"""Messages that the documents quote are printed by the software in these words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TROUBLESHOOTING = ROOT / "docs" / "troubleshooting.md"
VOICES = ROOT / "docs" / "voices.md"
SOURCES = (*(ROOT / "wyoming_voice_stack").rglob("*.py"), ROOT / "scripts" / "check_release.py")
SHELL_SOURCES = (ROOT / "scripts" / "entrypoint.sh", ROOT / "scripts" / "install_torch.sh")
OF_LIBRARIES = {
    "Input should be less than or equal to 65535",
    "at least 0 and at most 65535",
    "address already in use",
    'could not select device driver "nvidia" with capabilities: [[gpu]]',
    "unknown or invalid runtime name: nvidia",
    "did not complete successfully: exit code: 137",
    "No space left on device",
    "flac, mp3, ogg, opus, wav",
}
"""Texts within messages that come from libraries and Docker, or are joined from short words."""
MIN_WORDS = 4
"""A quoted text with fewer words is a name or a value; a message has at least so many."""
MIN_LETTERS = 6
"""Letters that a string has at least beside its placeholders: '{}: {}' says nothing."""

_FENCE = re.compile(r"^```.*$", re.MULTILINE)
_SPAN = re.compile(r"`([^`]+)`")
_PLACEHOLDER = re.compile(r"%[-+0-9.]*[a-z]|\{[^{}]*\}")
_SHELL_STRING = re.compile(r'echo "([^"]+)"')
_WORD = re.compile(r"\S*[^\W\d_]\S*")
_SHELL_PLACEHOLDER = re.compile(r"\$\{[^}]*\}|\$\w+")


def quoted(document: Path) -> list[str]:
    """Messages in blocks without a language, and in the first column of tables."""
    text = document.read_text("utf-8")
    fences, parts = _FENCE.findall(text), _FENCE.split(text)
    blocks = [parts[n + 1] for n in range(0, len(fences), 2) if fences[n] == "```"]
    found = [line for block in blocks for line in block.splitlines()]
    rows = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| ")]
    found += [span for row in rows for span in _SPAN.findall(row)]
    return [each for each in found if len(each.split()) >= MIN_WORDS and "─" not in each]


def literals(tree: ast.AST) -> Iterator[list[str]]:
    """What a string says between its placeholders."""
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [""]
            for part in node.values:
                if isinstance(part, ast.Constant):
                    parts[-1] += str(part.value)
                else:
                    parts.append("")
            yield parts
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in inside
        ):
            yield _PLACEHOLDER.split(node.value)


@lru_cache(maxsize=1)
def templates() -> list[tuple[str, re.Pattern[str]]]:
    """Every string of the software: its longest part, and a pattern with a group for each part."""
    found = [parts for path in SOURCES for parts in literals(ast.parse(path.read_text("utf-8")))]
    for path in SHELL_SOURCES:
        strings = _SHELL_STRING.findall(path.read_text("utf-8"))
        found += [_SHELL_PLACEHOLDER.split(string) for string in strings]
    return [
        (max(parts, key=len), re.compile("({})".format(")(?:.*?)(".join(map(re.escape, parts)))))
        for parts in ([*parts[:-1], parts[-1].removesuffix(".")] for parts in found)
        if len(re.findall(r"[A-Za-z]", "".join(parts))) >= MIN_LETTERS
    ]


def unexplained(message: str) -> list[str]:
    """The words of a message that no string of the software has, where they are too many in a row."""
    own = [False] * len(message)
    for text in OF_LIBRARIES:
        if text in message:
            start = message.index(text)
            own[start : start + len(text)] = [True] * len(text)
    for longest, template in templates():
        found = template.search(message) if longest in message else None
        for group in range(1, template.groups + 1 if found else 0):
            start, end = found.span(group) if found else (0, 0)
            own[start:end] = [True] * (end - start)
    own = [mine or not letter.isalpha() for mine, letter in zip(own, message, strict=True)]
    words = [(word[0], all(own[word.start() : word.end()])) for word in _WORD.finditer(message)]
    runs = groupby(words, key=itemgetter(1))
    foreign = [[word for word, _ in run] for is_own, run in runs if not is_own]
    return [" ".join(run) for run in foreign if len(run) >= MIN_WORDS]


@pytest.mark.parametrize("document", [TROUBLESHOOTING, VOICES], ids=lambda path: path.name)
def test_quoted_messages_are_printed(document: Path) -> None:
    messages = quoted(document)
    assert len(messages) > 10
    assert [(message, unexplained(message)) for message in messages if unexplained(message)] == []


@pytest.mark.parametrize(
    "message",
    [
        "The server has too many friends to be announced on the network",
        "Unplug the computer, wait a minute, and start again.",
    ],
)
def test_other_messages_are_not(message: str) -> None:
    assert unexplained(message)
