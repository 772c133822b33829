"""Keys of all that a cloned voice depends on: recordings, model and parameters."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from wyoming_voice_stack.errors import UnknownVoice
from wyoming_voice_stack.tts.voices.cloning.recording_reader import (
    MAX_RECORDING_BYTES,
    open_recording,
)

END_BYTES = 1024 * 1024
"""Bytes read at either end of a model file. A torch checkpoint is a zip file with a checksum of every
tensor at its end, so the end alone distinguishes two fine-tuned models of one size."""

_BLOCK_BYTES = 1024 * 1024


def content_key(paths: Iterable[Path]) -> str:
    """Hash the content of the recordings; names and times of the files do not matter.

    Raises:
        OSError: a file cannot be read.
        UnknownVoice: a file is larger than a recording may be, or is no regular file.
    """
    whole = hashlib.sha256()
    for path in paths:
        with open_recording(path) as file:
            whole.update(_digest(path, file))
    return whole.hexdigest()


def key_of_contents(contents: Iterable[bytes]) -> str:
    """Return the same as `content_key` for recordings that were read already."""
    whole = hashlib.sha256()
    for content in contents:
        whole.update(hashlib.sha256(content).digest())
    return whole.hexdigest()


def _digest(path: Path, file: BinaryIO) -> bytes:
    digest, size = hashlib.sha256(), 0
    while block := file.read(_BLOCK_BYTES):
        size += len(block)
        if size > MAX_RECORDING_BYTES:
            raise UnknownVoice(
                f"The recording {path.name} is larger than {MAX_RECORDING_BYTES // 2**20} MiB."
                " Replace it with 6 to 30 seconds of clear speech."
            )
        digest.update(block)
    return digest.digest()


def model_key(files: Iterable[Path]) -> str:
    """Hash the size and both ends of each file; reading the whole model would take seconds.

    Raises:
        OSError: a file cannot be read.
    """
    whole = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            whole.update(f"{size}\0".encode())
            whole.update(file.read(END_BYTES))
            file.seek(max(0, size - END_BYTES))
            whole.update(file.read(END_BYTES))
    return whole.hexdigest()


def parameters_key(parameters: Mapping[str, object]) -> str:
    """Hash parameters of plain types, by name."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
