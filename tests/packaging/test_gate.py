"""The gate ends at the first step that fails; the steps themselves are stubs here."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = (
    *("environment.sh", "install_system_deps.sh", "test.sh", "start.sh"),
    *("home_assistant.sh", "api_clients.sh", "test_pipeline.sh", "test_images.sh", "fuzz.sh"),
)
STEPS = (
    *("black", "ruff", "mypy", "start.sh", "test_pipeline.sh"),
    *("home_assistant.sh oldest", "home_assistant.sh newest", "api_clients.sh"),
    *("test.sh integration", "test.sh packaging", "test.sh unit", "test_images.sh"),
    *("fuzz.sh 60", "python -m benchmarks.soak"),
)
STUB = """echo "$0 $*"
case "$0 $*" in *"$FAILING"*) exit "$STATUS" ;; esac
"""


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    for script in SCRIPTS:
        path = tmp_path / "scripts" / script
        path.parent.mkdir(exist_ok=True)
        path.write_text("" if script == "environment.sh" else STUB)
    for tool in ("black", "ruff", "mypy", "python"):
        path = tmp_path / ".venv-test" / "bin" / tool
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/usr/bin/env bash\n{STUB}")
        path.chmod(0o755)
    (tmp_path / ".ci").mkdir()
    return Path(shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run"))


def run(gate: Path, failing: str, status: int = 3) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", gate],
        env={**os.environ, "FAILING": failing, "STATUS": str(status)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def status_of(gate: Path, failing: str, status: int = 3) -> int:
    return run(gate, failing, status).returncode


def test_all_is_well(gate: Path) -> None:
    assert status_of(gate, "nothing fails") == 0


def test_every_folder_of_tests_is_run(gate: Path) -> None:
    printed = run(gate, "nothing fails").stdout
    runs = [line.split()[1:] for line in printed.splitlines() if "test.sh " in line]
    groups = {argument for arguments in runs for argument in arguments}
    folders = {package.parent.name for package in (ROOT / "tests").glob("*/__init__.py")}
    assert folders - {"support"} <= groups
    left_out = {group.removeprefix("--ignore=") for group in groups if group.startswith("--ignore")}
    assert left_out
    assert left_out <= groups
    assert all((ROOT / folder).is_dir() for folder in left_out)


@pytest.mark.parametrize("failing", STEPS)
def test_no_failure_is_passed_over(gate: Path, failing: str) -> None:
    assert status_of(gate, failing) != 0


@pytest.mark.parametrize("step", ["oldest", "newest"])
def test_a_home_assistant_that_cannot_be_had_is_left_out(gate: Path, step: str) -> None:
    assert status_of(gate, f"home_assistant.sh {step}", status=69) == 0


def test_client_libraries_that_cannot_be_had_are_left_out(gate: Path) -> None:
    assert status_of(gate, "api_clients.sh", status=69) == 0


def test_a_fuzzer_that_cannot_be_had_is_left_out(gate: Path) -> None:
    assert status_of(gate, "fuzz.sh", status=75) == 0
