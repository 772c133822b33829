"""The CI image's entrypoint: which user runs the command, and in which home folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ENTRYPOINT = Path(__file__).parents[2] / "scripts" / "ci_entrypoint.sh"
ROOT_USER, CALLER, GROUP = 0, 1000, 1001
FAKES = {
    "id": 'echo "$USER_ID"',
    "stat": 'case "$2" in %u) echo "$OWNER" ;; %g) echo "$GROUP" ;; esac',
    "setpriv": 'echo "setpriv $*"',
    "getent": 'exit "$UNKNOWN"',
    "tee": 'echo "tee $* $(cat)" >&2; cat >/dev/null',
}


def enter(folder: Path, user: int, owner: int, **environ: str) -> tuple[str, str]:
    """What the entrypoint runs as `user`, in a working tree of `owner`, and what it writes to files."""
    for name, script in FAKES.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    done = subprocess.run(
        ["bash", str(ENTRYPOINT), "sh", "-c", 'echo "plain in $HOME"'],
        env={
            "PATH": f"{folder}:{os.environ['PATH']}",
            "USER_ID": str(user),
            "OWNER": str(owner),
            "GROUP": str(GROUP),
            "CI_HOME": "/home/ci",
            "UNKNOWN": "0",
            **environ,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip(), done.stderr.strip()


def entered(folder: Path, user: int, owner: int, **environ: str) -> str:
    ran, written = enter(folder, user, owner, **environ)
    assert written == ""
    return ran


def test_root_becomes_the_owner_of_the_tree(tmp_path: Path) -> None:
    ran = entered(tmp_path, ROOT_USER, CALLER, HOME="/home/ci")
    assert ran.startswith(f"setpriv --reuid {CALLER} --regid {GROUP} --clear-groups sh -c ")


@pytest.mark.parametrize(("user", "owner"), [(ROOT_USER, ROOT_USER), (CALLER, CALLER), (CALLER, 0)])
def test_nothing_changes_for_others(tmp_path: Path, user: int, owner: int) -> None:
    assert entered(tmp_path, user, owner, HOME="/home/x") == "plain in /home/x"


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}, {"HOME": "/"}])
def test_a_user_without_a_home(tmp_path: Path, environ: dict[str, str]) -> None:
    assert entered(tmp_path, CALLER, CALLER, **environ) == "plain in /home/ci"


def test_an_owner_whom_the_image_does_not_know_gets_a_home_folder(tmp_path: Path) -> None:
    ran, written = enter(tmp_path, ROOT_USER, CALLER, HOME="/home/ci", UNKNOWN="2")
    assert ran.startswith("setpriv ")
    assert written == f"tee -a /etc/passwd caller:x:{CALLER}:{GROUP}::/home/ci:/bin/bash"
