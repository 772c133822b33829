"""The folder in which benchmarks keep downloads and generated files."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.common.errors import BenchmarkError


def default_cache() -> Path:
    """Folder below the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "wyoming-voice-stack-benchmarks"


def cached_folder(target: Path, make: Callable[[Path], Path]) -> Path:
    """Return `target`, made first if it does not exist.

    `make` gets an empty folder on the same file system and returns the folder within it that
    becomes `target`. An interrupted run leaves nothing at `target`.
    """
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as temporary:
        made = make(Path(temporary))
        # Another run may have been faster.
        if not target.exists():
            made.rename(target)
    return target


def run_command(command: list[str], *, timeout_s: float, hint: str, cwd: Path | None = None) -> str:
    """Run a program and return its standard output.

    Raises:
        BenchmarkError: it fails; `hint` says what the user can do.
    """
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, timeout=timeout_s
    )
    if done.returncode:
        raise BenchmarkError(f"Command '{' '.join(command)}' failed: {done.stderr.strip()}. {hint}")
    return done.stdout
