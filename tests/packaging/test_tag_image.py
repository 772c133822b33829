"""scripts/tag_image.sh names the image of a commit, and never moves `latest` back."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
REPOSITORY = "registry.example.org/voice"
# The registry is a file of lines: a name and a digest; the last line of a name counts.
FAKE_DOCKER = """#!/usr/bin/env bash
find() { awk -v name="$1" '$1 == name {found = $2} END {if (!found) exit 1; print found}' "$REGISTRY"; }
case "$3" in
    inspect)
        digest=$(find "${@: -1}") || { echo "ERROR: ${@: -1}: not found" >&2; exit 1; }
        printf 'Name:      %s\nMediaType: index\nDigest:    %s\n\nManifests:\n' "${@: -1}" "$digest"
        printf '  Name:    %s@%s\n  MediaType: manifest\n' "${@: -1}" "$digest" ;;
    create)
        digest=$(find "${@: -1}") || exit 1
        shift 3
        while [ "$1" = --tag ]; do echo "$2 $digest" >>"$REGISTRY"; shift 2; done ;;
esac
"""


class Project:
    """A repository with commits and tags, and a registry with an image of each commit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "scripts").mkdir()
        script = (SCRIPTS / "tag_image.sh").read_text()
        (folder / "scripts" / "tag_image.sh").write_text(script)
        docker = folder / "bin" / "docker"
        docker.parent.mkdir()
        docker.write_text(FAKE_DOCKER)
        docker.chmod(0o755)
        self.registry = folder / "registry"
        self.registry.touch()
        self.git("init", "--quiet", "--initial-branch", "main")

    def git(self, *arguments: str) -> str:
        as_tester = ("-c", "user.name=T", "-c", "user.email=t@example.org")
        command = ["git", *as_tester, *arguments]
        done = subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def commit(self, image: str, *, tag: str | None = None) -> str:
        """Commit; the pipeline has built `image`, or reused it."""
        self.git("commit", "--quiet", "--allow-empty", "--message", image)
        made = self.git("rev-parse", "HEAD")
        if tag is not None:
            self.git("tag", "--annotate", "--message", tag, tag)
        self.push(f"{made} {image}")
        self.push(f"{made}-cuda {image}-cuda")
        return made

    def push(self, line: str) -> None:
        with self.registry.open("a") as file:
            file.write(f"{REPOSITORY}:{line}\n")

    def run(self, *arguments: str, variant: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "scripts/tag_image.sh", *arguments],
            cwd=self.folder,
            env=os.environ
            | {
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                "REGISTRY": str(self.registry),
                "VARIANT": variant,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def promote(self, commit: str, *tag: str, variant: str = "") -> str:
        done = self.run(REPOSITORY, commit, "main", *tag, variant=variant)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def image(self, name: str) -> str | None:
        """What a name stands for in the registry."""
        lines = [line.split() for line in self.registry.read_text().splitlines()]
        return dict(lines).get(f"{REPOSITORY}:{name}")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_commit_of_the_branch_becomes_latest(project: Project) -> None:
    for image in ("one", "two"):
        assert project.promote(project.commit(image)) == ""
        assert project.image("latest") == image


def test_a_release_gets_three_names(project: Project) -> None:
    commit = project.commit("one", tag="v1.2.3")
    assert project.promote(commit, "v1.2.3") == ""
    assert [project.image(name) for name in ("v1.2.3", "1.2.3", "latest")] == ["one"] * 3
    assert project.image("latest-cuda") is None
    project.promote(commit, "v1.2.3", variant="cuda")
    names = ("v1.2.3-cuda", "1.2.3-cuda", "latest-cuda")
    assert [project.image(name) for name in names] == ["one-cuda"] * 3


def test_an_older_pipeline_that_ends_later(project: Project) -> None:
    older, newer = project.commit("one"), project.commit("two")
    project.promote(newer)
    assert f"latest is not moved: it is the image of {newer}" in project.promote(older)
    assert project.image("latest") == "two"


def test_a_newer_commit_that_has_not_passed(project: Project) -> None:
    project.promote(project.commit("one"))
    passed = project.commit("two", tag="v1.0.0")
    project.commit("broken")
    project.promote(passed, "v1.0.0")
    assert project.image("latest") == "two"


def test_a_tag_on_a_commit_that_the_branch_has_left_behind(project: Project) -> None:
    tagged, newer = project.commit("one", tag="v1.0.0"), project.commit("two")
    project.promote(newer)
    assert "latest is not moved" in project.promote(tagged, "v1.0.0")
    assert [project.image(name) for name in ("v1.0.0", "latest")] == ["one", "two"]


@pytest.mark.parametrize("newest", ["v2.0.0", "v1.0.10"])
def test_a_patch_of_an_older_release(project: Project, newest: str) -> None:
    base = project.commit("one", tag="v1.0.0")
    project.promote(project.commit("two", tag=newest), newest)
    project.git("checkout", "--quiet", "-b", "old", base)
    patch = project.commit("patch", tag="v1.0.9")
    said = project.promote(patch, "v1.0.9")
    assert said == f"latest is not moved: {newest} is a newer release than v1.0.9.\n"
    assert [project.image(name) for name in ("v1.0.9", "1.0.9", "latest")] == [
        *("patch", "patch", "two")
    ]


def test_a_newer_release_that_failed(project: Project) -> None:
    base = project.commit("one", tag="v1.0.0")
    project.promote(base, "v1.0.0")
    project.commit("broken", tag="v1.0.2")
    project.git("checkout", "--quiet", "-b", "old", base)
    project.promote(project.commit("patch", tag="v1.0.1"), "v1.0.1")
    assert project.image("latest") == "patch"


def test_a_release_that_is_not_on_the_branch_yet(project: Project) -> None:
    older = project.commit("one")
    project.git("checkout", "--quiet", "-b", "release")
    release = project.commit("two", tag="v1.0.0")
    project.promote(release, "v1.0.0")
    assert project.image("latest") == "two"
    # The pipeline of the branch ends after that of the tag, which contains its commit.
    assert "latest is not moved" in project.promote(older)
    project.git("checkout", "--quiet", "main")
    project.promote(project.commit("three"))
    assert project.image("latest") == "three"


def test_a_patch_beside_a_newer_branch(project: Project) -> None:
    base = project.commit("one", tag="v1.0.0")
    project.promote(project.commit("two"))
    project.git("checkout", "--quiet", "-b", "old", base)
    patch = project.commit("patch", tag="v1.0.1")
    assert "latest is not moved" in project.promote(patch, "v1.0.1")
    assert [project.image(name) for name in ("v1.0.1", "latest")] == ["patch", "two"]


def test_a_second_run_changes_nothing(project: Project) -> None:
    commit = project.commit("one", tag="v1.0.0")
    for _ in range(2):
        assert project.promote(commit, "v1.0.0") == ""
    assert project.image("latest") == "one"


def test_what_is_missing(project: Project) -> None:
    commit = project.commit("one")
    assert project.run(REPOSITORY, commit).returncode == 64
    done = project.run(REPOSITORY, commit, "origin/main")
    assert done.returncode == 66
    assert done.stderr == "origin/main is not in this clone; fetch it first.\n"
    project.registry.write_text("")
    assert project.run(REPOSITORY, commit, "main").returncode != 0
