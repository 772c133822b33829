"""scripts/tag_image.sh names the image of a commit, and never moves `latest` back."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.registries import (
    FakeRegistry,
    RealRegistry,
    Registry,
    real_programs,
    running_registry,
)

NUMBERS = itertools.count()
"""Each test has a repository of its own."""
SCRIPTS = Path(__file__).parents[2] / "scripts"


class Project:
    """A repository with commits and tags, and a registry with an image of each commit."""

    def __init__(self, folder: Path, registry: Registry, programs: Path) -> None:
        self.folder = folder
        self.registry = registry
        self._programs = programs
        (folder / "scripts").mkdir(parents=True)
        script = (SCRIPTS / "tag_image.sh").read_text()
        (folder / "scripts" / "tag_image.sh").write_text(script)
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
        self.registry.push(made, image)
        self.registry.push(f"{made}-cuda", f"{image}-cuda")
        return made

    def run(self, *arguments: str, variant: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "scripts/tag_image.sh", *arguments],
            cwd=self.folder,
            env=os.environ
            | {
                "PATH": f"{self._programs}:{os.environ['PATH']}",
                "VARIANT": variant,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def promote(self, commit: str, *tag: str, variant: str = "") -> str:
        done = self.run(self.registry.repository, commit, "main", *tag, variant=variant)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def image(self, name: str) -> str | None:
        """What a name stands for in the registry."""
        return self.registry.content(name)


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a real registry."""
    if None in real_programs():
        pytest.skip(
            "docker-registry or buildx is not installed (Debian: docker-registry, docker-buildx)"
        )
    with running_registry(tmp_path_factory.mktemp("registry")) as port:
        yield port


@pytest.fixture(params=["fake", "real"])
def project(tmp_path: Path, request: pytest.FixtureRequest) -> Project:
    programs = tmp_path / "bin"
    registry: Registry
    if request.param == "fake":
        registry = FakeRegistry(programs)
    else:
        port: int = request.getfixturevalue("port")
        registry = RealRegistry(programs, port, f"voice-{next(NUMBERS)}")
    return Project(tmp_path / "project", registry, programs)


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
    repository = project.registry.repository
    assert project.run(repository, commit).returncode == 64
    done = project.run(repository, commit, "origin/main")
    assert done.returncode == 66
    assert done.stderr == "origin/main is not in this clone; fetch it first.\n"
    project.git("commit", "--quiet", "--allow-empty", "--message", "Never built")
    assert project.run(repository, "HEAD", "main").returncode != 0
    assert project.image("latest") is None
