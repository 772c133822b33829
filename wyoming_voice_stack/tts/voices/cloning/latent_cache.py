"""A cache of cloned voices on disk, so that they need not be computed again after a restart.

There is one safetensors file per voice. Its name is a hash of the recordings, the model, the cloning
parameters and the format version: outdated files are not found any more, and are deleted first when
the cache is full. A problem with the folder costs time, but never fails a request.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import stat
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

_LOGGER = logging.getLogger(__name__)

FORMAT_VERSION = 1
MAX_CACHED_VOICES = 512
"""Files of 0.13 MB; the least recently used ones are deleted first."""
MAX_FILE_BYTES = 4 * 1024 * 1024
ABANDONED_SECONDS = 3600.0
"""Age from which a temporary file is deleted: its writer has been killed."""

Arrays: TypeAlias = Mapping[str, npt.NDArray[np.float32]]

_CHECKSUM = "sha256"
_SUFFIX = ".safetensors"
_TEMPORARY_PREFIX = ".begun-"
_CACHE_FILE = re.compile(r"[0-9a-f]{64}\.safetensors")


class LatentCache:
    """Arrays by the content key of the recordings that they were computed from. Thread-safe.

    `model` is the key of all else that they depend on, `shapes` are the shapes of every entry's arrays.
    Several processes may share the folder, which is created with the first voice.
    """

    def __init__(
        self,
        folder: Path,
        model: str,
        shapes: Mapping[str, tuple[int, ...]],
        *,
        max_voices: int = MAX_CACHED_VOICES,
        what: str = "Cloned voices",
    ) -> None:
        """Take the folder, and what the arrays are of, for messages."""
        self._folder = folder
        self._model = model
        self._shapes = dict(shapes)
        self._max_voices = max_voices
        self._what = what
        self._warned = False

    def get(self, content: str) -> Arrays | None:
        """Return the float32 arrays of these recordings; None if they have to be computed."""
        path = self._path(content)
        try:
            raw = _read(path)
            arrays = self._checked(raw)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            _LOGGER.info("Cached voice %s is computed again: %s", path.name, error)
            return None
        with suppress(OSError):
            # The time of the file is that of its last use.
            os.utime(path)
        return arrays

    def put(self, content: str, arrays: Arrays) -> None:
        """Store the arrays. The first failure is logged as a warning, later ones at DEBUG."""
        from safetensors.numpy import save

        plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        raw = save(plain | {_CHECKSUM: _checksum(plain)})
        try:
            self._write(self._path(content), raw)
            self._delete_oldest()
        except OSError as error:
            level = logging.DEBUG if self._warned else logging.WARNING
            self._warned = True
            _LOGGER.log(
                level,
                "%s cannot be stored in %s (%s) and are computed again after each start."
                " Give the server's user write access, and check the free disk space.",
                self._what,
                self._folder,
                error.strerror or error,
            )

    def _path(self, content: str) -> Path:
        key = f"{FORMAT_VERSION}\0{self._model}\0{content}".encode()
        return self._folder / f"{hashlib.sha256(key).hexdigest()}{_SUFFIX}"

    def _checked(self, raw: bytes) -> Arrays:
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            arrays = load(raw)
        except (SafetensorError, KeyError) as error:
            raise ValueError(f"the file is damaged ({error})") from error
        checksum = arrays.pop(_CHECKSUM, None)
        if {name: array.shape for name, array in arrays.items()} != self._shapes:
            raise ValueError("its arrays have unexpected shapes")
        if any(array.dtype != np.float32 for array in arrays.values()):
            raise ValueError("its arrays are not float32")
        if checksum is None or not np.array_equal(checksum, _checksum(arrays)):
            raise ValueError("its checksum is wrong")
        return arrays

    def _write(self, path: Path, raw: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=_TEMPORARY_PREFIX, dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(raw)
            # Not flushed to disk: after a power failure, the checksum detects an incomplete file.
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def _delete_oldest(self) -> None:
        abandoned_before = time.time() - ABANDONED_SECONDS
        kept: list[tuple[float, Path]] = []
        for path in self._folder.iterdir():
            # Another process may have deleted it meanwhile.
            with suppress(FileNotFoundError):
                used_at = path.lstat().st_mtime
                if _CACHE_FILE.fullmatch(path.name):
                    kept.append((used_at, path))
                elif path.name.startswith(_TEMPORARY_PREFIX) and used_at < abandoned_before:
                    path.unlink()
        for _, path in sorted(kept)[: -self._max_voices]:
            path.unlink(missing_ok=True)


def _read(path: Path) -> bytes:
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > MAX_FILE_BYTES:
        raise ValueError("it is not a cache file")
    return path.read_bytes()


def _checksum(arrays: Arrays) -> npt.NDArray[np.uint8]:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(arrays[name].tobytes())
    return np.frombuffer(digest.digest(), np.uint8)
