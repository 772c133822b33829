"""The digests of a fetched model: kept in its folder, and compared with its files later."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from wyoming_voice_stack.errors import ModelCorrupt

DIGESTS_FILE = "SHA256SUMS"
"""Name of the file in a model's folder; `sha256sum -c` reads it."""
MAX_DIGESTS_BYTES = 1024 * 1024
READ_BYTES_PER_SECOND = 32 * 1024 * 1024
"""Rate at which files are read to check them, so that requests do not wait for the disk."""
_BLOCK_BYTES = 1024 * 1024


def write_digests(folder: Path, digests: Mapping[str, str]) -> None:
    """Write the SHA-256 of each file, by its path in the folder."""
    lines = [f"{digest}  {path}\n" for path, digest in sorted(digests.items())]
    (folder / DIGESTS_FILE).write_text("".join(lines), "utf-8")


def read_digests(folder: Path) -> dict[str, str]:
    """Return the digests of a folder's files; empty if none were kept, or they cannot be read."""
    file = folder / DIGESTS_FILE
    try:
        if file.stat().st_size > MAX_DIGESTS_BYTES:
            return {}
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.split("  ", 1) for line in lines)
    return {pair[1]: pair[0] for pair in pairs if len(pair) == len(("digest", "path"))}


def check_digests(folder: Path, cancelled: threading.Event) -> None:
    """Compare all files with their digests, slowly; ends early once `cancelled`. Blocking.

    Raises:
        ModelCorrupt: a file is missing, damaged or cannot be read; the message says what to do.
    """
    for path, expected in read_digests(folder).items():
        try:
            actual = _slow_digest(folder / path, cancelled)
        except OSError as error:
            reason = f"{path} cannot be read ({error.strerror})"
        else:
            if actual in {None, expected}:
                continue
            reason = f"{path} has changed since it was downloaded"
        raise ModelCorrupt(
            f"The model in {folder} is damaged: {reason}. Delete the folder and restart the server,"
            " which downloads the model again. If this repeats, check the disk and the memory."
        )


def _slow_digest(file: Path, cancelled: threading.Event) -> str | None:
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(_BLOCK_BYTES):
            began = time.monotonic()
            digest.update(block)
            pause_s = len(block) / READ_BYTES_PER_SECOND - (time.monotonic() - began)
            if cancelled.wait(max(0.0, pause_s)):
                return None
    return digest.hexdigest()
