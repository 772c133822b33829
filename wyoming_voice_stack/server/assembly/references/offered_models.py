"""The models that a server can fetch by name: recognizers, Kokoro, Piper's default voices, XTTS."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wyoming_voice_stack.asr.onnx.catalogue import SCHEME as ONNX_SCHEME
from wyoming_voice_stack.asr.onnx.catalogue import known_model, known_models, without_scheme
from wyoming_voice_stack.asr.whisper.catalogue import (
    hub_model,
    hub_repository,
    model_languages,
    model_names,
    to_tag,
)
from wyoming_voice_stack.errors import ModelNotFound
from wyoming_voice_stack.models.hub_model import HubModel
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.server.assembly.references.kokoro_references import (
    KOKORO,
    kokoro_reference,
)
from wyoming_voice_stack.server.assembly.references.piper_references import (
    PIPER_SCHEME,
    piper_reference,
)
from wyoming_voice_stack.tts.engines.coqui.download import folder_name
from wyoming_voice_stack.tts.engines.kokoro.files import KOKORO_HUB
from wyoming_voice_stack.tts.engines.kokoro.voices import LANGUAGES
from wyoming_voice_stack.tts.engines.piper.default_voices import default_voices
from wyoming_voice_stack.tts.engines.piper.engine import is_piper_name, piper_hub_model
from wyoming_voice_stack.tts.engines.xtts.language_codes import XTTS_V2, advertised
from wyoming_voice_stack.tts.engines.xtts.loading import HUB_MODELS

WHISPER_LICENCE = "MIT"
PIPER_LICENCE = "differs by voice; see its MODEL_CARD on the hub"
KOKORO_LICENCE = "Apache-2.0"
XTTS_LICENCE = "Coqui Public Model License, non-commercial use only"

KOKORO_BYTES = 121_000_000
"""The 8-bit model has 92 MB, the voices 29 MB."""

_MILLION = 1_000_000
_BYTES_PER_PARAMETER = 2
_WHISPER_PARAMETERS: Mapping[str, int] = {
    "tiny": 39,
    "base": 74,
    "small": 244,
    "medium": 769,
    "large": 1550,
    "large-v3-turbo": 809,
    "distil-small": 166,
    "distil-medium": 394,
    "distil-large": 756,
}
"""Millions, as their authors publish them. The files have two bytes for each and little else."""


@dataclass(frozen=True)
class OfferedModel:
    """A model that can be fetched by its name in the settings."""

    id: str
    name: str
    hub: HubModel
    size_bytes: int | None
    """About what has to be fetched; None if that is not known before."""
    languages: tuple[str, ...]
    licence: str


def offered_models(mode: str) -> dict[str, OfferedModel]:
    """Return the models for `asr` or `tts`, by identifier."""
    offers = [*_whisper(), *_onnx()] if mode == "asr" else [_kokoro(), *_piper(), *_xtts()]
    return {offer.id: offer for offer in offers}


def model_folders(references: Iterable[str]) -> set[str]:
    """Return the names of the folders below MODELS_DIR that these models have or would have."""
    found = set()
    for named in references:
        hub = _hub_of(named)
        reference = without_scheme(named) or named
        if hub is not None:
            found.add(hub.directory)
        found.update(Path(reference).parts)
        found.add(folder_name(reference))
    return found


def local_files(reference: str, store: ModelStore) -> Path | None:
    """Return the path of a model on this machine; None if it does not exist or has to be fetched first.

    Raises:
        ModelNotFound: the reference is not valid.
    """
    names = (without_scheme(reference), kokoro_reference(reference), piper_reference(reference))
    local = next(filter(None, names), reference)
    return store.find(local, _hub_of(reference))


def _hub_of(reference: str) -> HubModel | None:
    onnx = without_scheme(reference)
    if onnx is not None:
        model = known_model(onnx)
        return None if model is None else model.hub
    known = hub_model(reference) or HUB_MODELS.get(reference)
    if known is not None:
        return known
    kokoro = kokoro_reference(reference)
    if kokoro is not None:
        return KOKORO_HUB if kokoro == KOKORO else None
    try:
        voice = piper_reference(reference)
    except ModelNotFound:
        return None
    if voice is not None:
        return piper_hub_model(voice) if is_piper_name(voice) else None
    return hub_repository(reference)


def _whisper() -> list[OfferedModel]:
    offers: dict[str, OfferedModel] = {}
    for name in model_names():
        hub = hub_model(name)
        # Two names of one model, such as large and large-v3, are one offer.
        if hub is not None and hub.repo_id not in offers:
            tags = tuple(to_tag(code) for code in model_languages(name))
            offers[hub.repo_id] = OfferedModel(
                name, name, hub, _whisper_bytes(name), tags, WHISPER_LICENCE
            )
    return list(offers.values())


def _onnx() -> list[OfferedModel]:
    return [
        OfferedModel(
            id=f"{ONNX_SCHEME}{model.name}",
            name=model.name,
            hub=model.hub,
            size_bytes=model.size_bytes,
            languages=tuple(
                to_tag(code) for code in model.languages or model_languages(model.name)
            ),
            licence=model.licence,
        )
        for model in known_models()
    ]


def _whisper_bytes(name: str) -> int | None:
    fitting = [known for known in _WHISPER_PARAMETERS if name.startswith(known)]
    if not fitting:
        return None
    return _WHISPER_PARAMETERS[max(fitting, key=len)] * _MILLION * _BYTES_PER_PARAMETER


def _kokoro() -> OfferedModel:
    return OfferedModel(
        id=KOKORO,
        name="Kokoro-82M",
        hub=KOKORO_HUB,
        size_bytes=KOKORO_BYTES,
        languages=tuple(LANGUAGES.values()),
        licence=KOKORO_LICENCE,
    )


def _piper() -> list[OfferedModel]:
    return [
        OfferedModel(
            id=f"{PIPER_SCHEME}{name}",
            name=name,
            hub=piper_hub_model(name),
            size_bytes=None,
            languages=(name.partition("-")[0].replace("_", "-"),),
            licence=PIPER_LICENCE,
        )
        for name in default_voices()
    ]


def _xtts() -> list[OfferedModel]:
    return [
        OfferedModel(
            id=name,
            name=name.rpartition("/")[2],
            hub=hub,
            size_bytes=None,
            languages=advertised(XTTS_V2),
            licence=XTTS_LICENCE,
        )
        for name, hub in HUB_MODELS.items()
    ]
