"""Names for what must be the same for two clones to be the same: recordings, model, parameters."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from wyoming_voice_stack.errors import UnknownVoice
from wyoming_voice_stack.tts.voices.cloning.reference_recording import MAX_RECORDING_BYTES

END_BYTES = 1024 * 1024
"""Of a model's file at either end. A checkpoint of torch is a zip: at its end stands a checksum of
every tensor, so the end alone tells two fine-tunings of one size apart."""

_BLOCK_BYTES = 1024 * 1024


def content_key(paths: Iterable[Path]) -> str:
    """Hash the recordings' bytes, whatever the files are called and when they were written.

    Raises:
        OSError: a file cannot be read.
        UnknownVoice: a file is larger than any recording that is used.
    """
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            whole.update(_digest(path, file))
    return whole.hexdigest()


def _digest(path: Path, file: BinaryIO) -> bytes:
    digest, size = hashlib.sha256(), 0
    while block := file.read(_BLOCK_BYTES):
        size += len(block)
        if size > MAX_RECORDING_BYTES:
            raise UnknownVoice(
                f"The recording {path.name} is larger than {MAX_RECORDING_BYTES // 2**20} MiB;"
                " replace it by 6 to 30 seconds of clear speech."
            )
        digest.update(block)
    return digest.digest()


def model_key(files: Iterable[Path]) -> str:
    """Hash each file's size and its two ends; reading a model whole would take seconds.

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
    """Hash plain values by name."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
