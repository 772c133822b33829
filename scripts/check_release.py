#!/usr/bin/env python3
"""Says whether a tag may become a release: the tag, every version and CHANGELOG must agree.

    scripts/check_release.py v1.2.3 [--notes FILE]

Exit status 0 if they do; `--notes` then receives the changelog's text of that version. Otherwise
one line for each disagreement, and exit status 1. Needs nothing but Python.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from release_files import ADDON_CHANGELOGS, CHANGELOG_FILE, PLACES, VERSION, released

ROOT = Path(__file__).resolve().parent.parent


def disagreements(tag: str, root: Path) -> list[str]:
    """Say what keeps `tag` from being released; empty if nothing does."""
    version = tag.removeprefix("v")
    if not tag.startswith("v") or VERSION.fullmatch(version) is None:
        return [f"The tag {tag!r} names no version; the form is vMAJOR.MINOR.PATCH, as in v1.2.3."]
    return [*_places(version, root), *_changelog(version, root)]


def _places(version: str, root: Path) -> Iterator[str]:
    for place in (*PLACES, *ADDON_CHANGELOGS):
        stated = place.version(root)
        if stated is None:
            yield f"{place.file} has no version ({place.name}); add {version}."
        elif stated != version:
            yield (
                f"The tag says {version} and {place.file} ({place.name}) says {stated!r};"
                " correct it, commit, and move the tag."
            )


def _changelog(version: str, root: Path) -> Iterator[str]:
    newest = next(iter(released((root / CHANGELOG_FILE).read_text("utf-8"))), None)
    if newest is None or newest.version != version:
        has = f"its newest is {newest.version!r}" if newest else "it has none"
        yield (
            f"{CHANGELOG_FILE} must begin its released versions with {version}, and {has};"
            f" rename what is under [Unreleased] to: ## [{version}] - {date.today().isoformat()}"  # noqa: DTZ011
        )
        return
    if not _is_date(newest.released):
        yield (
            f"{CHANGELOG_FILE} gives {version} the date {newest.released!r}; the form is YYYY-MM-DD."
        )
    if not newest.text:
        yield f"{CHANGELOG_FILE} says nothing about {version}; tell what changed."


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
    found = disagreements(given.tag, root)
    for line in found:
        print(f"check_release: {line}", file=sys.stderr)
    if found:
        return 1
    if given.notes is not None:
        notes = released((root / CHANGELOG_FILE).read_text("utf-8"))[0].text
        given.notes.write_text(notes + "\n", "utf-8")
    print(f"{given.tag}: the tag, {len(PLACES)} places and {CHANGELOG_FILE} agree.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
