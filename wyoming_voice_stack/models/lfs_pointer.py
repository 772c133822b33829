"""Recognizes Git LFS pointers: the small files that `git clone` leaves in place of large ones."""

from __future__ import annotations

from pathlib import Path

from wyoming_voice_stack.errors import ModelCorrupt

MAX_POINTER_BYTES = 1024
"""The specification of Git LFS allows no larger pointers."""

_BEGINNINGS = (
    b"version https://git-lfs.github.com/spec/",
    b"version https://hawser.github.com/spec/",
)


def refuse_lfs_pointers(model: Path) -> None:
    """Check that no file of a model is a pointer: of a folder, or a file and its `.json` file.

    Raises:
        ModelCorrupt: one is.
    """
    files = sorted(model.iterdir()) if model.is_dir() else [model, Path(f"{model}.json")]
    for file in files:
        if _is_pointer(file):
            raise ModelCorrupt(
                f"{file} is a Git LFS pointer; run git lfs pull in the repository it came from, or"
                " download the file itself."
            )


def _is_pointer(file: Path) -> bool:
    try:
        small = file.is_file() and file.stat().st_size <= MAX_POINTER_BYTES
        return small and file.read_bytes().startswith(_BEGINNINGS)
    except OSError:
        # Loading the model reports why it cannot be read.
        return False
