"""What a model knows of cloned voices, kept on disk, so that a restart speaks at once.

One safetensors file a voice. Its name is a hash of the recordings, the model, the parameters of
cloning and the version of this format: what does not fit any more is not found, and is the first
to go once there is no room. Whatever happens to the folder costs time, never a request.
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
"""Files of 0.13 MB; the one not used for longest goes first."""
MAX_FILE_BYTES = 4 * 1024 * 1024
ABANDONED_SECONDS = 3600.0
"""A file that was begun so long ago and not finished is never finished."""

Arrays: TypeAlias = Mapping[str, npt.NDArray[np.float32]]

_CHECKSUM = "sha256"
_SUFFIX = ".safetensors"
_BEGUN = ".begun-"
_OURS = re.compile(r"[0-9a-f]{64}\.safetensors")


class LatentCache:
    """Arrays by the key of the recordings that they were made from. Thread-safe.

    `model` is a key of all else that they depend on, `shapes` what every entry must have.
    Several processes may share the folder; it is made when the first voice comes.
    """

    def __init__(
        self,
        folder: Path,
        model: str,
        shapes: Mapping[str, tuple[int, ...]],
        *,
        max_voices: int = MAX_CACHED_VOICES,
    ) -> None:
        self._folder = folder
        self._model = model
        self._shapes = dict(shapes)
        self._max_voices = max_voices
        self._warned = False

    def get(self, content: str) -> Arrays | None:
        """Give the arrays made of these recordings, float32; None if they have to be made."""
        path = self._path(content)
        try:
            raw = _read(path)
            arrays = self._checked(raw)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            _LOGGER.info("the cached voice %s is made anew: %s", path.name, error)
            return None
        with suppress(OSError):
            # When it was last used, for want of a clock of its own.
            os.utime(path)
        return arrays

    def put(self, content: str, arrays: Arrays) -> None:
        """Keep the arrays. A disk that does not take them is warned of once."""
        from safetensors.numpy import save

        plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
        raw = save(plain | {_CHECKSUM: _checksum(plain)})
        try:
            self._write(self._path(content), raw)
            self._make_room()
        except OSError as error:
            level = logging.DEBUG if self._warned else logging.WARNING
            self._warned = True
            _LOGGER.log(
                level,
                "Cloned voices cannot be kept in %s (%s), so each start makes them anew; let the"
                " server's user write there, and see that there is room",
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
            raise ValueError(f"it is damaged ({error})") from error
        checksum = arrays.pop(_CHECKSUM, None)
        if {name: array.shape for name, array in arrays.items()} != self._shapes:
            raise ValueError("it has another shape")
        if any(array.dtype != np.float32 for array in arrays.values()):
            raise ValueError("its numbers have another type")
        if checksum is None or not np.array_equal(checksum, _checksum(arrays)):
            raise ValueError("its checksum is wrong")
        return arrays

    def _write(self, path: Path, raw: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        begun, name = tempfile.mkstemp(prefix=_BEGUN, dir=self._folder)
        try:
            with os.fdopen(begun, "wb") as file:
                file.write(raw)
            # Not flushed to the disk: after a power cut the checksum tells.
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def _make_room(self) -> None:
        oldest_begun = time.time() - ABANDONED_SECONDS
        kept: list[tuple[float, Path]] = []
        for path in self._folder.iterdir():
            # Another process may have been quicker.
            with suppress(FileNotFoundError):
                used_at = path.lstat().st_mtime
                if _OURS.fullmatch(path.name):
                    kept.append((used_at, path))
                elif path.name.startswith(_BEGUN) and used_at < oldest_begun:
                    path.unlink()
        for _, path in sorted(kept)[: -self._max_voices]:
            path.unlink(missing_ok=True)


def _read(path: Path) -> bytes:
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > MAX_FILE_BYTES:
        raise ValueError("it is no file of ours")
    return path.read_bytes()


def _checksum(arrays: Arrays) -> npt.NDArray[np.uint8]:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode())
        digest.update(arrays[name].tobytes())
    return np.frombuffer(digest.digest(), np.uint8)
