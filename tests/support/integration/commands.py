"""Runs the command line as a user does: in its own process, with empty standard input."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.integration.servers import clean_environment

COMMAND = [sys.executable, "-m", "wyoming_voice_stack"]
COMMAND_SECONDS = 300.0


def command(
    *arguments: str,
    cwd: Path,
    stdin: bytes = b"",
    settings: Mapping[str, str] | None = None,
    **environ: str,
) -> subprocess.CompletedProcess[bytes]:
    """Run it to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=clean_environment(**(settings or {}), **environ),
        cwd=cwd,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=COMMAND_SECONDS,
    )


def complaint(done: subprocess.CompletedProcess[bytes], exit_status: int) -> str:
    """The error of a failed command: one line on standard error and nothing else."""
    said = done.stderr.decode()
    assert done.returncode == exit_status, said
    assert done.stdout == b""
    assert said.startswith("wyoming-voice-stack: ")
    assert said.endswith("\n")
    assert said.count("\n") == 1, said
    return said
