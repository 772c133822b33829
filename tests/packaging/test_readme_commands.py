"""scripts/test_readme.sh knows every command of README.md; running them is its own work."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def plan(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", root / "scripts" / "test_readme.sh", "plan"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    (tmp_path / "scripts").mkdir()
    for script in ("test_readme.sh", "environment.sh", "chroot.sh"):
        shutil.copy(ROOT / "scripts" / script, tmp_path / "scripts" / script)
    return tmp_path


def test_every_command_is_known() -> None:
    done = plan(ROOT)
    assert done.returncode == 0, done.stdout
    assert "run: pip install" in done.stdout
    assert "serve: SERVICE_MODE=" in done.stdout


def test_an_unknown_command_fails(copy: Path) -> None:
    (copy / "README.md").write_text("```sh\nfrobnicate --all\n```\n")
    done = plan(copy)
    assert (done.returncode, done.stdout) == (1, "unknown: frobnicate --all\n")


def test_blocks_and_continued_lines(copy: Path) -> None:
    (copy / "README.md").write_text(
        "```sh\nmkdir a && cd a\ndocker compose up -d\n```\n"
        "```text\nfrobnicate\n```\n"
        "```sh\npip install \\\n    '.[asr]'\n```\n"
    )
    done = plan(copy)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "needs Docker: mkdir a && cd a",
        "needs Docker: docker compose up -d",
        "run: pip install '.[asr]'",
    ]
