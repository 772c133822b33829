"""Says why the models' folder cannot be written, and what to do."""

from __future__ import annotations

import os
from pathlib import Path


def cannot_write(name: str, root: Path, error: OSError, cause: str) -> str:
    """Return the message for a model that could not be written below `root`.

    If the folder belongs to another user, the message names both users and the command that changes it;
    else `cause` is the reason.
    """
    (folder, owner), user = _owned(Path(error.filename or root)), os.getuid()
    if not isinstance(error, PermissionError) or owner == user:
        return (
            f"cannot write {name} to {root} ({cause}); set MODELS_DIR to a writable folder with free"
            " space"
        )
    return (
        f"cannot write {name} to {root}: {folder} belongs to the user with uid {owner}, and the server runs"
        f" with uid {user}; run chown -R {user}:{os.getgid()} on that folder (in a container, on the folder"
        " of the host that is mounted there), or set MODELS_DIR to a writable folder"
    )


def _owned(path: Path) -> tuple[Path, int]:
    """Return `path`, or the closest folder above it that this user can see, and its owner's uid."""
    for each in (path, *path.absolute().parents):
        try:
            return each, each.stat().st_uid
        except OSError:
            continue
    return path, os.getuid()
