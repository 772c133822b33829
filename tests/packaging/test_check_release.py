"""A tag becomes a release only if the package and the changelog say the same version."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.release_project import FILES, ReleaseProject

CHANGELOG = """# Changelog

## [Unreleased]

## [1.2.3] - 2026-02-28

### Added

- Something.

## [1.2.2] - 2026-01-31

- Older.
"""


def check(
    folder: Path, tag: str, *arguments: str, version: str = "1.2.3", changelog: str = CHANGELOG
) -> subprocess.CompletedProcess[str]:
    """Check a project of this version and with this changelog; all but pyproject.toml agree with the tag."""
    project = ReleaseProject(folder, tag.removeprefix("v"), changelog)
    project.set(FILES.PROJECT, version)
    return project.run("check_release.py", tag, *arguments)


def test_agreement_writes_the_notes_of_that_version(tmp_path: Path) -> None:
    done = check(tmp_path, "v1.2.3", "--notes", "notes.md")
    assert (done.returncode, done.stderr) == (0, "")
    assert "v1.2.3" in done.stdout
    assert (tmp_path / "notes.md").read_text() == "### Added\n\n- Something.\n"


@pytest.mark.parametrize(
    ("tag", "version", "changelog", "message"),
    [
        (
            "v1.2.4",
            "1.2.3",
            CHANGELOG.replace("1.2.3", "1.2.4"),
            ["'1.2.3'", "pyproject.toml ([project] version)"],
        ),
        ("v1.2.3", "1.2.3", CHANGELOG.replace("1.2.3", "1.2.4"), ["'1.2.4'", "[Unreleased]"]),
        # A version that the changelog knows, but not as its newest.
        ("v1.2.2", "1.2.2", CHANGELOG, ["newest is '1.2.3'"]),
        ("v1.2.3", "1.2.3", "# Changelog\n\n## [Unreleased]\n\n- x\n", ["it has none"]),
        ("v1.2.3", "1.2.3", CHANGELOG.replace("2026-02-28", "soon"), ["'soon'", "YYYY-MM-DD"]),
        ("v1.2.3", "1.2.3", CHANGELOG.replace("2026-02-28", "2026-02-30"), ["'2026-02-30'"]),
        ("v1.2.3", "1.2.3", CHANGELOG.replace(" - 2026-02-28", ""), ["''", "YYYY-MM-DD"]),
        ("v1.2.3", "1.2.3", "## [1.2.3] - 2026-02-28\n\n## [1.2.2]\n- x\n", ["says nothing"]),
        ("1.2.3", "1.2.3", CHANGELOG, ["'1.2.3'", "vMAJOR.MINOR.PATCH"]),
        ("v1.2", "1.2", CHANGELOG, ["'v1.2'", "vMAJOR.MINOR.PATCH"]),
        ("v1.2.3-rc1", "1.2.3", CHANGELOG, ["'v1.2.3-rc1'"]),
    ],
)
def test_disagreement_is_refused_in_one_line(
    tmp_path: Path, tag: str, version: str, changelog: str, message: list[str]
) -> None:
    done = check(tmp_path, tag, "--notes", "notes.md", version=version, changelog=changelog)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("check_release: ")
    assert all(part in line for part in message), line
    assert not (tmp_path / "notes.md").exists()


def test_two_disagreements_are_reported_at_once(tmp_path: Path) -> None:
    done = check(tmp_path, "v2.0.0")
    assert done.returncode == 1
    assert [line.partition(" ")[0] for line in done.stderr.splitlines()] == ["check_release:"] * 2


@pytest.mark.parametrize("place", [*FILES.PLACES, *FILES.ADDON_CHANGELOGS], ids=str)
def test_each_place_has_a_line_of_its_own(tmp_path: Path, place: Any) -> None:
    project = ReleaseProject(tmp_path, "1.2.3", CHANGELOG)
    project.set(place, "1.2.2")
    done = project.run("check_release.py", "v1.2.3")
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert f"{place.file} ({place.name}) says '1.2.2'" in line


def test_a_version_of_the_package_that_cannot_be_read(tmp_path: Path) -> None:
    done = check(tmp_path, "v1.2.3", version='"')
    assert done.returncode == 1
    assert "pyproject.toml has no version ([project] version); add 1.2.3." in done.stderr
