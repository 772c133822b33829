"""What happens to a commit on the default branch and to a tag."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest

from tests.packaging.guide.promises import holds
from tests.support.guide.jobs import HOME, URLS, repository, run_job
from tests.support.guide.pipeline import (
    MAIN,
    MERGE_REQUEST,
    job,
    jobs_of,
    selected,
    tag,
    waits_for,
)
from tests.support.guide.programs import Project

ROOT = Path(__file__).parents[3]
CHECKS = {
    *("quality:fmt", "quality:lint", "coverage"),
    *("unit:asr", "unit:tts", "unit:core", "unit:utils", "integration"),
}
"""The complete test suite, as jobs."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def published(project: Project) -> str:
    """Publish the images of the present commit, and return the commit."""
    for image in ("production", "cuda", "ci"):
        done = run_job(project, f"build:{image}-image")
        assert done.status == 0, done.errors
    return project.git("rev-parse", "HEAD")


def promoted(project: Project) -> None:
    """Run the job that makes a commit of the default branch `latest`."""
    done = run_job(project, "release:latest")
    assert done.status == 0, done.errors


def released(project: Project, name: str) -> None:
    """Tag the present commit and run the job that names its images."""
    project.git("tag", name)
    done = run_job(project, "release:version", CI_COMMIT_TAG=name)
    assert done.status == 0, done.errors


@holds("release-1")
def test_latest_waits_for_every_check() -> None:
    assert waits_for("release:latest") >= CHECKS
    assert selected(MAIN, "README.md") >= CHECKS
    assert not selected(MERGE_REQUEST, "README.md") & set(jobs_of("release"))


@holds("release-4")
def test_a_tag_starts_a_release() -> None:
    chosen = selected(tag("v1.2.3"))
    assert {"release:check", "release:version"} <= chosen
    assert "release:latest" not in chosen
    assert "release:check" in waits_for("release:version")


@holds("release-5")
def test_a_release_is_built_and_tested() -> None:
    chosen = selected(tag("v1.2.3"))
    assert CHECKS | {"build:ci-image", "build:production-image"} <= chosen
    assert CHECKS | {"build:production-image"} <= waits_for("release:version")


@holds("release-9")
@pytest.mark.parametrize("name", ["v1.2", "v1", "1.2.3", "v1.2.3.4", "release"])
def test_only_versions_are_released(name: str) -> None:
    assert not {"release:version", "release:notes"} & selected(tag(name))


@holds("release-9")
def test_the_changelog_has_semantic_versions() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    versions = re.findall(r"^## \[([^\]]+)\]", text, re.MULTILINE)
    assert versions[0] == "Unreleased"
    assert "semver.org" in text
    numbers = [tuple(map(int, version.split("."))) for version in versions[1:]]
    assert all(len(each) == 3 for each in numbers)
    assert numbers == sorted(numbers, reverse=True)


@holds("release-2")
@pytest.mark.parametrize("image", ["production", "ci"])
def test_a_commit_that_passed_becomes_latest(project: Project, image: str) -> None:
    assert "release:latest" in selected(MAIN, "README.md")
    assert job("release:latest").get("when", "on_success") == "on_success"
    commit = published(project)
    promoted(project)
    registry = project.registry()
    assert registry[f"{repository(image)}:latest"] == registry[f"{repository(image)}:{commit}"]


@holds("release-3")
def test_the_version_is_in_pyproject() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", PROJECT["version"])
    assert "version" not in PROJECT.get("dynamic", [])
    # The package has no number of its own.
    assert PROJECT["version"] not in (ROOT / "wyoming_voice_stack/__init__.py").read_text("utf-8")


@holds("release-3", "release-4")
def test_one_command_sets_the_version_and_tags_it(project: Project) -> None:
    changelog = project.folder / "CHANGELOG.md"
    changelog.write_text(
        changelog.read_text().replace("## [Unreleased]", "## [Unreleased]\n\n- New.", 1)
    )
    project.commit()
    who = {
        f"GIT_{role}_{what}": "t@example.org"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    done = project.run(f"{sys.executable} scripts/release.py 99.1.0", **who)
    assert done.status == 0, done.errors
    assert 'version = "99.1.0"' in (project.folder / "pyproject.toml").read_text()
    assert project.git("describe", "--exact-match") == "v99.1.0"
    done = project.run(f"{sys.executable} scripts/check_release.py v99.1.0")
    assert done.status == 0, done.errors


@holds("release-4")
def test_a_tag_that_disagrees_with_the_version_is_refused(project: Project) -> None:
    done = project.run(f"{sys.executable} scripts/check_release.py v98.0.0")
    assert done.status == 1
    assert "pyproject.toml" in done.errors


@holds("release-6", "release-7")
@pytest.mark.parametrize("name", ["v1.2.3", "latest"])
def test_a_release_has_its_version_and_latest(project: Project, name: str) -> None:
    commit = published(project)
    released(project, "v1.2.3")
    registry = project.registry()
    assert registry[f"{HOME}:{name}"] == registry[f"{HOME}:{commit}"]


@holds("release-7")
def test_an_older_release_is_not_latest(project: Project) -> None:
    project.git("checkout", "--quiet", "-B", "older")
    project.change("wyoming_voice_stack/errors.py")
    project.git("checkout", "--quiet", "main")
    project.change("wyoming_voice_stack/audio.py")
    newest = published(project)
    released(project, "v2.0.0")
    project.git("checkout", "--quiet", "older")
    older = published(project)
    released(project, "v1.2.4")
    registry = project.registry()
    assert registry[f"{HOME}:v1.2.4"] == registry[f"{HOME}:{older}"]
    assert registry[f"{HOME}:latest"] == registry[f"{HOME}:{newest}"] != registry[f"{HOME}:{older}"]


@holds("release-8")
def test_the_image_has_the_name_of_the_project() -> None:
    assert repository("production") == HOME
    # The registry of a project has the path of its repository.
    assert URLS["Repository"].partition("://")[2].partition("/")[2] == HOME.partition("/")[2]
    assert f"docker pull {HOME}:" in (ROOT / "docs" / "deployment.md").read_text("utf-8")
