#!/usr/bin/env python3
"""Says whether a tag may become a release: tag, package version and CHANGELOG must agree.

    scripts/check_release.py v1.2.3 [--notes FILE]

Exit status 0 if they do; `--notes` then receives the changelog's text of that version. Otherwise
one line for each disagreement, and exit status 1. Needs nothing but Python.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VERSION_FILE = Path("wyoming_voice_stack", "__init__.py")
CHANGELOG_FILE = Path("CHANGELOG.md")
_TAG = re.compile(r"v(\d+\.\d+\.\d+)")
_VERSION = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
_SECTION = re.compile(r"^## \[([^\]]+)\](?: - (.+))?$", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """One version's part of the changelog."""

    version: str
    released: str
    """What stands where the date belongs."""
    text: str


def sections(changelog: str) -> list[Section]:
    """The changelog's versions from the newest on, `Unreleased` left out."""
    heads = list(_SECTION.finditer(changelog))
    ends = [head.start() for head in heads[1:]] + [len(changelog)]
    return [
        Section(head[1], (head[2] or "").strip(), changelog[head.end() : end].strip())
        for head, end in zip(heads, ends, strict=True)
        if head[1] != "Unreleased"
    ]


def disagreements(tag: str, package_version: str, changelog: str) -> list[str]:
    """Say what keeps `tag` from being released; empty if nothing does."""
    named = _TAG.fullmatch(tag)
    if named is None:
        return [f"The tag {tag!r} names no version; the form is vMAJOR.MINOR.PATCH, as in v1.2.3."]
    version = named[1]
    found = []
    if package_version != version:
        found.append(
            f"The tag says {version} and {VERSION_FILE} says {package_version!r};"
            " set __version__, commit, and move the tag."
        )
    newest = next(iter(sections(changelog)), None)
    if newest is None or newest.version != version:
        has = f"its newest is {newest.version!r}" if newest else "it has none"
        found.append(
            f"{CHANGELOG_FILE} must begin its released versions with {version}, and {has};"
            f" rename what is under [Unreleased] to: ## [{version}] - {date.today().isoformat()}"  # noqa: DTZ011
        )
        return found
    if not _is_date(newest.released):
        found.append(
            f"{CHANGELOG_FILE} gives {version} the date {newest.released!r}; the form is YYYY-MM-DD."
        )
    if not newest.text:
        found.append(f"{CHANGELOG_FILE} says nothing about {version}; tell what changed.")
    return found


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Check one tag; give the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tag", help="the tag, as in v1.2.3")
    parser.add_argument("--notes", type=Path, help="where to write what the changelog says")
    given = parser.parse_args(arguments)
    version = _VERSION.search((root / VERSION_FILE).read_text("utf-8"))
    changelog = (root / CHANGELOG_FILE).read_text("utf-8")
    found = disagreements(given.tag, version[1] if version else "", changelog)
    for line in found:
        print(f"check_release: {line}", file=sys.stderr)
    if found:
        return 1
    if given.notes is not None:
        given.notes.write_text(sections(changelog)[0].text + "\n", "utf-8")
    print(f"{given.tag}: tag, package and {CHANGELOG_FILE} agree.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
