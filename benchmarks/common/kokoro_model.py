"""The genuine weights of Kokoro, which a script fetches once into the user's cache folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

from benchmarks.common.errors import BenchmarkError

_SCRIPT = Path(__file__).parents[2] / "scripts" / "kokoro_files.sh"


def kokoro_folder() -> Path:
    """A folder with model.onnx and voices/*.bin.

    Raises:
        BenchmarkError: they cannot be fetched.
    """
    done = subprocess.run(["bash", str(_SCRIPT)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchmarkError(done.stderr.strip().rpartition("\n")[2])
    return Path(done.stdout.strip())
