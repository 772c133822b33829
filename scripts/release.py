#!/usr/bin/env python3
"""Makes a release: sets the version in every place, commits and tags.

    scripts/release.py 1.2.3 [--dry-run]

The entries under [Unreleased] in CHANGELOG.md become the notes of that version. Nothing is pushed: the
commands for that are printed. Exit status 1, and nothing changed, if the release is refused. Needs
nothing but Python and git.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from datetime import date
from pathlib import Path

from release_files import (
    ADDON_CHANGELOGS,
    CHANGELOG_FILE,
    PLACES,
    PROJECT,
    UNRELEASED,
    VERSION,
    released,
    sections,
)

ROOT = Path(__file__).resolve().parent.parent


class Refused(Exception):
    """The reason why nothing was released, in one line."""


def git(root: Path, *arguments: str) -> str:
    """Run git; give what it prints.

    Raises:
        Refused: git failed; the reason is its own last line.
    """
    done = subprocess.run(  # noqa: S603
        ["git", *arguments],  # noqa: S607
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise Refused(f"git {arguments[0]} failed: {lines[-1]}")
    return done.stdout.strip()


def check(version: str, root: Path) -> None:
    """Say why `version` cannot be released.

    Raises:
        Refused: the first reason found.
    """
    if VERSION.fullmatch(version) is None:
        raise Refused(f"{version!r} is not a version; the form is MAJOR.MINOR.PATCH, as in 1.2.3.")
    if changes := git(root, "status", "--porcelain").splitlines():
        first = changes[0].split(maxsplit=1)[-1]
        raise Refused(
            f"The working tree has changes ({first}, {len(changes)} in total); commit them first."
        )
    if not git(root, "branch", "--show-current"):
        raise Refused("No branch is checked out; check out the branch to release from.")
    if git(root, "tag", "--list", f"v{version}"):
        raise Refused(f"The tag v{version} exists; choose a newer version.")
    for place in (*PLACES, *ADDON_CHANGELOGS):
        if place.version(root) is None:
            raise Refused(f"{place.file} has no version ({place.name}); add it.")
    changelog = (root / CHANGELOG_FILE).read_text("utf-8")
    _is_newer(version, root, [section.version for section in released(changelog)])
    newest = next(iter(sections(changelog)), None)
    if newest is None or newest.version != UNRELEASED:
        raise Refused(f"{CHANGELOG_FILE} does not begin with ## [{UNRELEASED}]; add it.")
    if not [line for line in newest.text.splitlines() if line and not line.startswith("#")]:
        raise Refused(f"{CHANGELOG_FILE} has nothing under [{UNRELEASED}]; say what changed.")


def _is_newer(version: str, root: Path, released_before: list[str]) -> None:
    for other in released_before:
        if VERSION.fullmatch(other) and _numbers(version) <= _numbers(other):
            raise Refused(f"{version} is not newer than {other}; choose a newer version.")
    # The present version itself may not have been released yet: the first one, or one set by hand.
    present = PROJECT.version(root) or ""
    if VERSION.fullmatch(present) and _numbers(version) < _numbers(present):
        raise Refused(f"{version} is not newer than {present}; choose a newer version.")


def _numbers(version: str) -> list[int]:
    return [int(number) for number in version.split(".")]


def new_texts(version: str, day: str, root: Path) -> dict[str, str]:
    """The files that the release changes, by name."""
    texts = {
        file: (root / file).read_text("utf-8")
        for file in [CHANGELOG_FILE, *(place.file for place in (*PLACES, *ADDON_CHANGELOGS))]
    }
    before = dict(texts)
    for place in PLACES:
        texts[place.file] = place.replaced(texts[place.file], version)
    changelog = texts[CHANGELOG_FILE]
    notes = sections(changelog)[0].text
    head = f"## [{UNRELEASED}]\n"
    texts[CHANGELOG_FILE] = changelog.replace(head, f"{head}\n## [{version}] - {day}\n", 1)
    for place in ADDON_CHANGELOGS:
        if place.version(root) != version:
            title, rest = texts[place.file].split("\n\n", 1)
            texts[place.file] = f"{title}\n\n## {version}\n\n{notes}\n\n{rest}"
    return {file: text for file, text in texts.items() if text != before[file]}


def commit(version: str, files: list[str], root: Path) -> None:
    """Commit these files, and tag the commit.

    Raises:
        Refused: git failed; the files are as before, but for a commit that could not be tagged.
    """
    title = f"Release v{version}"
    try:
        git(root, "commit", "--quiet", "--message", title, "--", *files)
    except Refused:
        git(root, "checkout", "--quiet", "HEAD", "--", *files)
        raise
    git(root, "tag", "--annotate", f"v{version}", "--message", title)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Make the release; give the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("version", help="the version, as in 1.2.3")
    parser.add_argument("--dry-run", action="store_true", help="only say what would change")
    given = parser.parse_args(arguments)
    version: str = given.version
    try:
        check(version, root)
        texts = new_texts(version, date.today().isoformat(), root)  # noqa: DTZ011
        verb = "Would change" if given.dry_run else "Changes"
        for file in texts:
            print(f"{verb} {file}")
        if given.dry_run:
            print(f"Nothing was changed. Without --dry-run: commit and tag v{version}.")
            return 0
        for file, text in texts.items():
            (root / file).write_text(text, "utf-8")
        commit(version, list(texts), root)
        branch = git(root, "branch", "--show-current")
    except Refused as reason:
        print(f"release: {reason}", file=sys.stderr)
        return 1
    print(
        f"Committed and tagged v{version}. Push the tag:\n"
        f"    git push origin v{version}\n"
        f"When its pipeline has passed and the images are there, push the branch:\n"
        f"    git push origin {branch}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
