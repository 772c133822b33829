"""Recognizes what is saved in place of a model: Git LFS pointers, left by `git clone`, and web pages."""

from __future__ import annotations

from pathlib import Path

from wyoming_voice_stack.errors import ModelCorrupt

MAX_POINTER_BYTES = 1024
"""The specification of Git LFS allows no larger pointers."""

_BEGINNINGS = (
    b"version https://git-lfs.github.com/spec/",
    b"version https://hawser.github.com/spec/",
)
_PAGE_BEGINNINGS = (b"<!doctype html", b"<html")
_BYTES_OF_BEGINNING = 64
_BEFORE_PAGE = b"\xef\xbb\xbf \t\r\n"
_PAGES = frozenset({".html", ".htm"})


def refuse_lfs_pointers(model: Path) -> None:
    """Check that no file of a model is a pointer or a web page: of a folder, or a file and its `.json` file.

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
        if _is_page(file):
            raise ModelCorrupt(
                f"{file} is a web page, not the file of a model; delete it and download the model again."
            )


def _is_pointer(file: Path) -> bool:
    try:
        small = file.is_file() and file.stat().st_size <= MAX_POINTER_BYTES
        return small and file.read_bytes().startswith(_BEGINNINGS)
    except OSError:
        # Loading the model reports why it cannot be read.
        return False


def _is_page(file: Path) -> bool:
    try:
        if not file.is_file() or file.suffix in _PAGES:
            return False
        with file.open("rb") as opened:
            beginning = opened.read(_BYTES_OF_BEGINNING)
    except OSError:
        return False
    return beginning.lstrip(_BEFORE_PAGE).lower().startswith(_PAGE_BEGINNINGS)
