"""The folder of unfinished downloads: one process at a time for each, and none is kept for ever.

Below the folder of the models, `.partial/<name>` is what has arrived of a model, and
`.partial/<name>.lock` is held by the process that downloads it.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wyoming_voice_stack.errors import ModelError
from wyoming_voice_stack.models.hub_model import PARTIAL

_LOGGER = logging.getLogger(__name__)

LOCK_WAIT_S = 3600.0
"""How long to wait for another process that is fetching the same model."""
LOCK_POLL_S = 0.5
STALE_S = 14 * 86_400.0
"""An unfinished download that nothing was added to for so long is removed with the next download."""

_LOCK = ".lock"


@contextmanager
def locked(root: Path, name: str, shown: str) -> Iterator[Path]:
    """Yield the path `.partial/<name>` while no other process uses it; it may not exist.

    Raises:
        ModelError: another process locks it for too long.
        OSError: the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    folder = root / PARTIAL
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"{name}{_LOCK}")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        _LOGGER.info("Another process is fetching %s; waiting for it", shown)
        try:
            lock.acquire(timeout=LOCK_WAIT_S, poll_interval=LOCK_POLL_S)
        except Timeout as error:
            raise ModelError(
                f"another process has been fetching {shown} for {LOCK_WAIT_S:.0f} s and"
                f" still locks {lock.lock_file}; wait for it or stop it, then start again"
            ) from error
    try:
        yield folder / name
    finally:
        lock.release()


def remove_stale(root: Path) -> None:
    """Remove unfinished downloads that were abandoned long ago and that no process is using."""
    from filelock import FileLock, Timeout

    oldest = time.time() - STALE_S
    for path in (root / PARTIAL).iterdir():
        if path.suffix == _LOCK or _modified(path) > oldest:
            continue
        with suppress(Timeout, OSError), FileLock(f"{path}{_LOCK}", timeout=0):
            _LOGGER.info("Removing %s, an unfinished download", path)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def discard(root: Path, name: str) -> None:
    """Remove what has arrived of a model, unless a process is fetching it. Never fails."""
    from filelock import FileLock, Timeout

    path = root / PARTIAL / name
    with suppress(Timeout, OSError):
        # Without the folder, nothing has arrived, and none is made for the lock.
        if path.is_dir():
            with FileLock(f"{path}{_LOCK}", timeout=0):
                shutil.rmtree(path)


def _modified(path: Path) -> float:
    """Return when something in a folder, or a file, changed last; the time of the epoch."""
    with suppress(OSError):
        return max(each.stat().st_mtime for each in (path, *path.rglob("*")))
    return time.time()
