"""The packages of the production image are pinned with hashes, and looked up for vulnerabilities."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "scripts" / "image-requirements.txt").read_text()
IMAGE_PYTHON = {"python_version": "3.11", "python_full_version": "3.11.9"}
LEFT_OUT = {"torch", "torchaudio"}
"""scripts/install_torch.sh pins them; each build has hashes of its own."""


def pinned() -> dict[str, str]:
    """The version of each package on the image's Python."""
    found: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", LOCK):
        if entry.startswith("#"):
            continue
        requirement = Requirement(entry.split("\\\n")[0].strip())
        marker = requirement.marker
        if marker is None or marker.evaluate({**IMAGE_PYTHON, "sys_platform": "linux"}):
            [version] = requirement.specifier
            assert version.operator == "=="
            assert requirement.name not in found
            found[requirement.name] = version.version
    return found


def wanted() -> list[Requirement]:
    listed = subprocess.run(
        [sys.executable, "scripts/list_requirements.py", "pyproject.toml", "all"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [Requirement(line) for line in listed.stdout.splitlines()]


@pytest.mark.parametrize("requirement", wanted(), ids=lambda one: one.name)
def test_the_lock_is_that_of_the_project(requirement: Requirement) -> None:
    """If this fails, run scripts/lock_requirements.sh."""
    version = pinned().get(canonicalize_name(requirement.name))
    if requirement.name in LEFT_OUT:
        assert version is None
    else:
        assert version is not None
        assert requirement.specifier.contains(version)


def test_every_package_has_hashes_and_no_source_of_its_own() -> None:
    entries = [entry for entry in re.split(r"\n(?=\S)", LOCK) if not entry.startswith("#")]
    assert len(entries) > 100
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry
    assert "://" not in LOCK
    assert "--index" not in LOCK


def test_the_image_installs_the_lock_and_nothing_else() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes --no-deps -r /build/image-requirements.txt" in dockerfile
    assert "&& pip check" in dockerfile


def package(name: str, *ids: str, **more: Any) -> dict[str, Any]:
    found = [{"id": one, "fix_versions": ["2.0"] if one.startswith("A") else []} for one in ids]
    return {"name": name, "version": "1.0", "vulns": found, **more}


SKIPPED = {"name": "c", "skip_reason": "c is unknown"}


@pytest.mark.parametrize(
    ("packages", "status", "lines"),
    [
        ([package("a")], 0, ["1 packages looked up, 0 vulnerabilities"]),
        (
            [package("a", "A-1", "B-2"), SKIPPED],
            1,
            [
                "a 1.0: A-1; fixed in: 2.0",
                "a 1.0: B-2; fixed in: no release yet",
                "not looked up: c is unknown",
                "1 packages looked up, 2 vulnerabilities",
            ],
        ),
        ([SKIPPED], 75, ["audit: NOT RUN: none of 1 packages could be looked up on PyPI."]),
    ],
)
def test_audit_report(
    tmp_path: Path, packages: list[dict[str, Any]], status: int, lines: list[str]
) -> None:
    report = tmp_path / "a.json"
    report.write_text(json.dumps({"dependencies": packages, "fixes": []}))
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "audit_report.py"), str(report)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()) == (status, lines)
