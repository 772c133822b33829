"""Where the version of the project stands, and what the changelog says; for the release scripts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

CHANGELOG_FILE = "CHANGELOG.md"
UNRELEASED = "Unreleased"
ADDONS = ("addon/voice-stack-asr", "addon/voice-stack-tts")
_NUMBER = r"(?:0|[1-9]\d*)"
VERSION = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}")
"""A version of this project: SemVer without pre-releases."""
_SECTION = re.compile(r"^## \[([^\]]+)\](?: - (.+))?$", re.MULTILINE)


@dataclass(frozen=True)
class Place:
    """One place that carries the version."""

    file: str
    """Relative to the project's folder."""
    name: str
    """What a person looks for in the file."""
    pattern: re.Pattern[str]
    """Its only group is the version."""

    def version(self, root: Path) -> str | None:
        """The version that stands there; None if the file or the place is missing."""
        path = root / self.file
        found = self.pattern.search(path.read_text("utf-8")) if path.is_file() else None
        return found[1] if found else None

    def replaced(self, text: str, version: str) -> str:
        """The file's text with `version` in this place."""
        found = self.pattern.search(text)
        return text if found is None else text[: found.start(1)] + version + text[found.end(1) :]


def _place(file: str, name: str, pattern: str) -> Place:
    return Place(file, name, re.compile(pattern, re.MULTILINE))


PROJECT = _place("pyproject.toml", "[project] version", r'^version = "([^"]*)"$')
PLACES = (
    PROJECT,
    _place("Dockerfile", "ARG VERSION", r"^ARG VERSION=(\S*)$"),
    *(
        _place(f"{addon}/{file}", name, pattern)
        for addon in ADDONS
        for file, name, pattern in (
            ("config.yaml", "version", r"^version: (\S*)$"),
            ("Dockerfile", "ARG VOICE_STACK_IMAGE", r"^ARG VOICE_STACK_IMAGE=\S+:(\S*)$"),
            ("Dockerfile", "ARG BUILD_VERSION", r"^ARG BUILD_VERSION=(\S*)$"),
        )
    ),
)
"""Every place whose text is the version alone. Changelogs get a section for each version instead."""
ADDON_CHANGELOGS = tuple(
    _place(f"{addon}/CHANGELOG.md", "newest heading", r"\A# Changelog\n\n## (\S*)$")
    for addon in ADDONS
)


@dataclass(frozen=True)
class Section:
    """One version's part of the changelog."""

    version: str
    released: str
    """What stands where the date belongs."""
    text: str


def sections(changelog: str) -> list[Section]:
    """The changelog's versions from the newest on; the first may be `Unreleased`."""
    heads = list(_SECTION.finditer(changelog))
    ends = [head.start() for head in heads[1:]] + [len(changelog)]
    return [
        Section(head[1], (head[2] or "").strip(), changelog[head.end() : end].strip())
        for head, end in zip(heads, ends, strict=True)
    ]


def released(changelog: str) -> list[Section]:
    """The changelog's released versions, from the newest on."""
    return [section for section in sections(changelog) if section.version != UNRELEASED]
