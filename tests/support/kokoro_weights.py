"""Kokoro's genuine weights, which a script fetches once into the user's cache folder."""

from __future__ import annotations

import os
import subprocess
from functools import lru_cache
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "kokoro_files.sh"
NOT_AVAILABLE = 69


def kokoro_weights() -> Path:
    """A folder with model.onnx and voices/*.bin; the test is skipped without it, but not in CI."""
    import piper  # noqa: F401 - in an environment without it, nothing is fetched

    done = _fetched()
    if done.returncode == NOT_AVAILABLE and not os.environ.get("CI"):
        pytest.skip(done.stderr.strip().rpartition("\n")[2])
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


@lru_cache(maxsize=1)
def _fetched() -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", str(SCRIPT)], capture_output=True, text=True, check=False)
