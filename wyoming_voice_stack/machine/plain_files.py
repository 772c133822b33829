"""Reads small files that settings name, without ever waiting for them."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def read_plain_file(path: str, limit_bytes: int) -> bytes:
    """Return the content of a regular file, up to one byte more than `limit_bytes`.

    Raises:
        OSError: it cannot be read, or is a pipe, a device or a folder, which may have no end or none soon.
        ValueError: the path contains a NUL character.
    """
    # Before it is opened: opening a device may change it.
    _require_plain(Path(path).stat())
    # Nor does opening wait for the writer of a pipe that takes the file's place meanwhile.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        _require_plain(os.fstat(file.fileno()))
        return file.read(limit_bytes + 1)


def _require_plain(facts: os.stat_result) -> None:
    if stat.S_ISDIR(facts.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(errno.EINVAL, "a pipe or a device, not a regular file")
