"""What happens to a commit on the default branch and to a tag."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.packaging.guide.promises import holds
from tests.support.guide.pipeline import MAIN, MERGE_REQUEST, jobs_of, selected, tag, waits_for

ROOT = Path(__file__).parents[3]
CHECKS = {
    *("quality:fmt", "quality:lint", "coverage"),
    *("unit:asr", "unit:tts", "unit:core", "unit:utils", "integration"),
}
"""The complete test suite, as jobs."""


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
