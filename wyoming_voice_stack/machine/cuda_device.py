"""Checks that CUDA's libraries and a graphics card are there, before a model for them is downloaded."""

from __future__ import annotations

import ctypes
import importlib.metadata
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from wyoming_voice_stack.errors import EngineError

CUBLAS = "libcublas.so.12"
"""The only library of CUDA that CTranslate2 does not bring; it opens it by this name."""
CUBLAS_PACKAGE = "nvidia-cublas-cu12"
_CUBLAS_MODULE, _CUBLAS_FOLDER = "nvidia.cublas", "lib"
_PACKAGE = "wyoming-voice-stack"
_CUDA_TAG = "latest-cuda"


@dataclass(frozen=True)
class MissingCuda:
    """What an installation lacks to use any card, and the command that installs it."""

    what: str
    install: str


def require_cuda_device(
    variable: str,
    device: str,
    count_devices: Callable[[], int],
    missing: Callable[[], MissingCuda | None],
) -> None:
    """Check that the card that a setting names exists; does nothing for `auto` and `cpu`.

    `count_devices` returns how many cards the engine's library can use, `missing` what the installation
    lacks for every card.

    Raises:
        EngineError: there is no such card, or the installation cannot use any.
    """
    kind, _, index = device.partition(":")
    if kind != "cuda":
        return
    refused, otherwise = f"{variable}={device} cannot be used", f"or set {variable} to auto or cpu."
    lacks = missing()
    if lacks is not None:
        raise EngineError(
            f"{refused}: {lacks.what}. Use the image {cuda_image()} (without a container, run"
            f" {lacks.install}), {otherwise}"
        )
    count = count_devices()
    if count <= int(index or 0):
        found = (
            f"only {count} usable graphics card(s) found"
            if count
            else "no usable graphics card found"
        )
        raise EngineError(
            f"{refused}: {found}. Check the driver with nvidia-smi, give the container the card with"
            f" --gpus all, {otherwise}"
        )


def missing_cublas() -> MissingCuda | None:
    """Return what CTranslate2 lacks to use a card; None if `libcublas.so.12` is loaded."""
    if load_cublas():
        return None
    return MissingCuda(f"CUDA's library {CUBLAS} is not installed", f"pip install {CUBLAS_PACKAGE}")


@lru_cache(maxsize=1)
def load_cublas() -> bool:
    """Load `libcublas.so.12` into this process and return whether that worked.

    The system's linker does not look where pip installs it. A library that is loaded already is found by
    its name.
    """
    for path in (CUBLAS, *_installed_cublas()):
        try:
            ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
        return True
    return False


def cuda_image() -> str:
    """Return the name of this project's image for CUDA, from the metadata of the installed package."""
    try:
        urls = importlib.metadata.metadata(_PACKAGE).get_all("Project-URL") or []
    except importlib.metadata.PackageNotFoundError:
        urls = []
    labelled: dict[str, str] = dict(url.split(", ", 1) for url in urls)
    image = labelled.get("Image", "").removeprefix("https://")
    return f"{image}:{_CUDA_TAG}" if image else _CUDA_TAG


def _installed_cublas() -> Iterator[str]:
    try:
        spec = importlib.util.find_spec(_CUBLAS_MODULE)
    except ModuleNotFoundError:
        return
    for folder in (spec and spec.submodule_search_locations) or ():
        yield str(Path(folder) / _CUBLAS_FOLDER / CUBLAS)
