"""Downloads are kept, but not those of an interrupted run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.common.cache import cached_folder, run_command
from benchmarks.common.errors import BenchmarkError


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    made: list[Path] = []

    def make(folder: Path) -> Path:
        made.append(folder)
        (folder / "whole").mkdir()
        (folder / "whole" / "file").touch()
        return folder / "whole"

    target = tmp_path / "models" / "base"
    for _ in range(2):
        assert cached_folder(target, make) == target
        assert (target / "file").is_file()
    assert len(made) == 1
    assert list(target.parent.iterdir()) == [target]


def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    def make(folder: Path) -> Path:
        (folder / "part").touch()
        raise BenchmarkError("no network")

    with pytest.raises(BenchmarkError):
        cached_folder(tmp_path / "models" / "base", make)
    assert not list((tmp_path / "models").iterdir())


def test_a_failed_command_says_why_and_what_to_do(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such package')"]
    with pytest.raises(BenchmarkError, match=r"failed: no such package\. Update first\."):
        run_command(command, timeout_s=60, hint="Update first.", cwd=tmp_path)
    assert run_command([sys.executable, "-c", "print(1)"], timeout_s=60, hint="") == "1\n"
