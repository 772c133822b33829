"""What a server prints if it may not write to the models' folder."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from wyoming_voice_stack.models.write_access import cannot_write

USER = 1000


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the user who runs the tests, for a server that another user runs."""
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + USER)
    monkeypatch.setattr(os, "getgid", lambda: USER)
    return tmp_path


def denied(path: Path, number: int = errno.EACCES) -> OSError:
    return OSError(number, os.strerror(number), str(path))


@pytest.mark.parametrize("missing", [".partial", ".partial/org--model", ""])
def test_folder_of_another_user(root: Path, missing: str) -> None:
    owner = root.stat().st_uid
    message = cannot_write("org/model", root, denied(root / missing), "denied")
    assert message == (
        f"cannot write org/model to {root}: {root} belongs to the user with uid {owner}, and the server"
        f" runs with uid {owner + USER}; run chown -R {owner + USER}:{USER} on that folder (in a container,"
        " on the folder of the host that is mounted there), or set MODELS_DIR to a writable folder"
    )


def test_error_without_a_path(root: Path) -> None:
    assert "chown -R" in cannot_write("m", root, PermissionError(errno.EACCES, "no"), "no")


def test_read_only_file_system(root: Path) -> None:
    message = cannot_write("m", root, denied(root, errno.EROFS), "Read-only file system")
    assert message == (
        f"cannot write m to {root} (Read-only file system); set MODELS_DIR to a writable folder with free"
        " space"
    )


def test_own_folder_without_permission(tmp_path: Path) -> None:
    message = cannot_write("m", tmp_path, denied(tmp_path / "x"), "Permission denied")
    assert "(Permission denied); set MODELS_DIR" in message
