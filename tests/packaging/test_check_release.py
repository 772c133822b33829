"""A tag becomes a release only if the package and the changelog say the same version."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "check_release.py"
CHANGELOG = """# Changelog

## [Unreleased]

## [1.2.3] - 2026-02-28

### Added

- Something.

## [1.2.2] - 2026-01-31

- Older.
"""


def check(
    folder: Path, *arguments: str, version: str = "1.2.3", changelog: str = CHANGELOG
) -> subprocess.CompletedProcess[str]:
    """Run a copy of the script in a project of this version and with this changelog."""
    for name, text in (
        ("scripts/check_release.py", SCRIPT.read_text()),
        ("wyoming_voice_stack/__init__.py", f'"""Doc."""\n\n__version__ = "{version}"\n'),
        ("CHANGELOG.md", changelog),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return subprocess.run(
        [sys.executable, "scripts/check_release.py", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_agreement_writes_the_notes_of_that_version(tmp_path: Path) -> None:
    done = check(tmp_path, "v1.2.3", "--notes", "notes.md")
    assert (done.returncode, done.stderr) == (0, "")
    assert "v1.2.3" in done.stdout
    assert (tmp_path / "notes.md").read_text() == "### Added\n\n- Something.\n"


@pytest.mark.parametrize(
    ("tag", "version", "changelog", "message"),
    [
        ("v1.2.4", "1.2.3", CHANGELOG.replace("1.2.3", "1.2.4"), ["'1.2.3'", "__version__"]),
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


def test_a_version_of_the_package_that_cannot_be_read(tmp_path: Path) -> None:
    done = check(tmp_path, "v1.2.3", version='"')
    assert done.returncode == 1
    assert "says ''" in done.stderr
