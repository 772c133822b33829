"""scripts/release.py changes every place that carries the version, or nothing."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

from tests.support.release_project import FILES, ReleaseProject

ROOT = Path(__file__).parents[2]
CHANGELOG = """# Changelog

## [Unreleased]

### Added

- A new voice.

## [1.2.2] - 2026-01-31

- Older.
"""


@pytest.fixture
def project(tmp_path: Path) -> ReleaseProject:
    made = ReleaseProject(tmp_path, "1.2.2", CHANGELOG)
    made.commit_all()
    return made


def state(project: ReleaseProject) -> tuple[str, str, str]:
    return (
        project.git("rev-parse", "HEAD"),
        project.git("tag", "--list"),
        project.git("status", "--porcelain"),
    )


def refusal(project: ReleaseProject, *arguments: str) -> str:
    """The only line that the script prints, having changed nothing."""
    before = state(project)
    done = project.run("release.py", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert state(project) == before
    [line] = done.stderr.splitlines()
    return line


def test_a_release(project: ReleaseProject) -> None:
    before = date.today()  # noqa: DTZ011
    done = project.run("release.py", "1.2.3")
    assert (done.returncode, done.stderr) == (0, "")
    assert project.git("status", "--porcelain") == ""
    assert project.git("log", "-1", "--format=%s") == "Release v1.2.3"
    assert project.git("cat-file", "-t", "v1.2.3") == "tag"
    assert project.git("rev-parse", "v1.2.3^{commit}") == project.git("rev-parse", "HEAD")
    for place in (*FILES.PLACES, *FILES.ADDON_CHANGELOGS):
        assert place.version(project.folder) == "1.2.3", place
    unreleased, newest, older = FILES.sections(project.read("CHANGELOG.md"))
    assert (unreleased.version, unreleased.text) == ("Unreleased", "")
    assert (newest.version, newest.text) == ("1.2.3", "### Added\n\n- A new voice.")
    assert older.version == "1.2.2"
    assert before <= date.fromisoformat(newest.released) <= date.today()  # noqa: DTZ011
    for mode in ("asr", "tts"):
        text = project.read(f"addon/voice-stack-{mode}/CHANGELOG.md")
        assert text.startswith(
            "# Changelog\n\n## 1.2.3\n\n### Added\n\n- A new voice.\n\n## 1.2.2\n"
        )
    assert "git push origin v1.2.3\n" in done.stdout
    assert "git push origin main\n" in done.stdout
    assert project.run("check_release.py", "v1.2.3").returncode == 0


def test_a_dry_run_changes_nothing(project: ReleaseProject) -> None:
    before = state(project)
    done = project.run("release.py", "1.2.3", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert state(project) == before
    named = {
        line.removeprefix("Would change ")
        for line in done.stdout.splitlines()
        if line.startswith("Would change ")
    }
    places = (*FILES.PLACES, *FILES.ADDON_CHANGELOGS)
    assert named == {"CHANGELOG.md", *(place.file for place in places)}


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.2.3-rc.1", "01.2.3", "newest", "1.2.3\n"])
def test_what_is_no_version(project: ReleaseProject, version: str) -> None:
    assert "MAJOR.MINOR.PATCH" in refusal(project, version)


@pytest.mark.parametrize("version", ["1.2.2", "1.1.9", "0.9.0"])
def test_a_version_that_is_not_newer(project: ReleaseProject, version: str) -> None:
    assert f"{version} is not newer than 1.2.2" in refusal(project, version)


def test_newer_is_a_matter_of_numbers(project: ReleaseProject) -> None:
    assert project.run("release.py", "1.2.10").returncode == 0


@pytest.mark.parametrize("name", ["Dockerfile", "new.txt"])
def test_a_dirty_tree(project: ReleaseProject, name: str) -> None:
    with (project.folder / name).open("a") as file:
        file.write("# changed\n")
    line = refusal(project, "1.2.3")
    assert "commit" in line
    assert name in line


def test_a_tag_that_exists(project: ReleaseProject) -> None:
    project.git("tag", "v1.2.3")
    assert "The tag v1.2.3 exists" in refusal(project, "1.2.3")


def test_no_branch(project: ReleaseProject) -> None:
    project.git("checkout", "--quiet", "--detach")
    assert "No branch" in refusal(project, "1.2.3")


@pytest.mark.parametrize(
    ("changelog", "message"),
    [
        (CHANGELOG.replace("- A new voice.\n", ""), "nothing under [Unreleased]"),
        (CHANGELOG.replace("## [Unreleased]\n", ""), "## [Unreleased]"),
    ],
)
def test_nothing_to_release(tmp_path: Path, changelog: str, message: str) -> None:
    project = ReleaseProject(tmp_path, "1.2.2", changelog)
    project.commit_all()
    assert message in refusal(project, "1.2.3")


def test_a_place_that_is_gone(project: ReleaseProject) -> None:
    file = project.folder / "Dockerfile"
    file.write_text(file.read_text().replace("ARG VERSION=", "ARG NUMBER="))
    project.git("commit", "--quiet", "--all", "--message", "Another name")
    assert "Dockerfile has no version (ARG VERSION)" in refusal(project, "1.2.3")


def test_a_commit_that_git_refuses_leaves_the_files_as_they_were(project: ReleaseProject) -> None:
    hook = project.folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no entry >&2\nexit 1\n")
    hook.chmod(0o755)
    before = state(project)
    done = project.run("release.py", "1.2.3")
    assert done.returncode == 1
    assert done.stderr == "release: git commit failed: no entry\n"
    assert state(project) == before


def test_the_first_release_has_the_present_version(tmp_path: Path) -> None:
    project = ReleaseProject(tmp_path, "0.1.0", CHANGELOG.partition("## [1.2.2]")[0])
    project.commit_all()
    assert project.run("release.py", "0.1.0").returncode == 0
    assert project.run("check_release.py", "v0.1.0").returncode == 0
    assert project.read("addon/voice-stack-asr/CHANGELOG.md").count("## 0.1.0\n") == 1


def test_a_version_set_by_hand_is_completed(project: ReleaseProject) -> None:
    project.set(FILES.PROJECT, "1.2.3")
    project.git("commit", "--quiet", "--all", "--message", "Release v1.2.3")
    refused = project.run("check_release.py", "v1.2.3")
    assert "Dockerfile (ARG VERSION) says '1.2.2'" in refused.stderr
    assert project.run("release.py", "1.2.3").returncode == 0
    assert project.run("check_release.py", "v1.2.3").returncode == 0


def test_help() -> None:
    done = subprocess.run([ROOT / "scripts/release.py", "--help"], capture_output=True, check=True)
    assert b"--dry-run" in done.stdout


def test_every_place_of_this_project_says_the_same() -> None:
    stated = {
        (place.file, place.name): place.version(ROOT)
        for place in (*FILES.PLACES, *FILES.ADDON_CHANGELOGS)
    }
    assert set(stated.values()) == {FILES.PROJECT.version(ROOT)}, stated
    assert FILES.VERSION.fullmatch(FILES.PROJECT.version(ROOT))
