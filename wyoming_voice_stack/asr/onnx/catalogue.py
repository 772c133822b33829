"""The known models of onnx-asr: their files on the hub, their languages, and the choice for `onnx-asr:auto`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from wyoming_voice_stack.asr.onnx.layouts import GIGAAM_LANGUAGES, Kind, int8_files
from wyoming_voice_stack.machine.processor import Processor
from wyoming_voice_stack.models.hub_model import HubModel

SCHEME = "onnx-asr:"
"""Before the name or path of such a model in the settings."""
AUTO = f"{SCHEME}auto"

_FAMILY = "nemo-"
"""Prefix of the library's names that users may leave out."""
_EUROPEAN = (
    *("bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "hr", "hu", "it"),
    *("lt", "lv", "mt", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "uk"),
)
_ENGLISH, _RUSSIAN, _FLASH = ("en",), ("ru",), ("de", "en", "es", "fr")
_CC_BY, _MIT = "CC-BY-4.0", "MIT"
_WHISPER_REPOSITORY = re.compile(r"onnx-community/[\w.-]*whisper[\w.-]*", re.IGNORECASE)
_ENGLISH_ONLY = re.compile(r"\.en\b", re.IGNORECASE)


@dataclass(frozen=True)
class KnownModel:
    """A model on the hub, in files of 8-bit integers."""

    name: str
    """As the library names it, where it has a name."""
    kind: Kind
    repository: str
    languages: tuple[str, ...]
    """Whisper's codes, and `ky`, which Whisper does not have. Empty: its files tell them."""
    licence: str
    size_bytes: int | None = None
    """About what has to be fetched; None if unknown."""

    @property
    def hub(self) -> HubModel:
        """The files to fetch."""
        files = int8_files(self.kind)
        required = tuple(name for name in files if "*" not in name)
        return HubModel(self.repository, include=files, required=required)


_MULTILINGUAL, _ENGLISH_TDT = "nemo-parakeet-tdt-0.6b-v3", "nemo-parakeet-tdt-0.6b-v2"

_KNOWN = {
    model.name: model
    for model in (
        KnownModel(
            _MULTILINGUAL,
            "nemo-conformer-tdt",
            "istupakov/parakeet-tdt-0.6b-v3-onnx",
            _EUROPEAN,
            _CC_BY,
            670_480_000,
        ),
        KnownModel(
            _ENGLISH_TDT,
            "nemo-conformer-tdt",
            "istupakov/parakeet-tdt-0.6b-v2-onnx",
            _ENGLISH,
            _CC_BY,
            661_190_000,
        ),
        KnownModel(
            "nemo-parakeet-ctc-0.6b",
            "nemo-conformer-ctc",
            "istupakov/parakeet-ctc-0.6b-onnx",
            _ENGLISH,
            _CC_BY,
        ),
        KnownModel(
            "nemo-parakeet-rnnt-0.6b",
            "nemo-conformer-rnnt",
            "istupakov/parakeet-rnnt-0.6b-onnx",
            _ENGLISH,
            _CC_BY,
        ),
        KnownModel(
            "nemo-canary-1b-v2",
            "nemo-conformer-aed",
            "istupakov/canary-1b-v2-onnx",
            _EUROPEAN,
            _CC_BY,
        ),
        KnownModel(
            "nemo-canary-180m-flash",
            "nemo-conformer-aed",
            "istupakov/canary-180m-flash-onnx",
            _FLASH,
            _CC_BY,
        ),
        KnownModel(
            "nemo-fastconformer-ru-ctc",
            "nemo-conformer-ctc",
            "istupakov/stt_ru_fastconformer_hybrid_large_pc_onnx",
            _RUSSIAN,
            _CC_BY,
        ),
        KnownModel(
            "nemo-fastconformer-ru-rnnt",
            "nemo-conformer-rnnt",
            "istupakov/stt_ru_fastconformer_hybrid_large_pc_onnx",
            _RUSSIAN,
            _CC_BY,
        ),
        KnownModel("gigaam-v2-ctc", "gigaam-v2-ctc", "istupakov/gigaam-v2-onnx", _RUSSIAN, _MIT),
        KnownModel("gigaam-v2-rnnt", "gigaam-v2-rnnt", "istupakov/gigaam-v2-onnx", _RUSSIAN, _MIT),
        KnownModel(
            "gigaam-v3-ctc",
            "gigaam-v3-ctc",
            "istupakov/gigaam-v3-onnx",
            _RUSSIAN,
            _MIT,
            224_720_000,
        ),
        KnownModel("gigaam-v3-rnnt", "gigaam-v3-rnnt", "istupakov/gigaam-v3-onnx", _RUSSIAN, _MIT),
        KnownModel(
            "gigaam-v3-e2e-ctc", "gigaam-v3-e2e-ctc", "istupakov/gigaam-v3-onnx", _RUSSIAN, _MIT
        ),
        KnownModel(
            "gigaam-v3-e2e-rnnt", "gigaam-v3-e2e-rnnt", "istupakov/gigaam-v3-onnx", _RUSSIAN, _MIT
        ),
        KnownModel(
            "gigaam-multilingual-ctc",
            "gigaam-multilingual-ctc",
            "istupakov/gigaam-multilingual-ctc-onnx",
            GIGAAM_LANGUAGES,
            _MIT,
            224_760_000,
        ),
        KnownModel("whisper-base", "whisper-ort", "istupakov/whisper-base-onnx", (), _MIT),
    )
}
"""Their languages are those that their authors name."""

MIN_CORES = 4
MIN_MEMORY_BYTES = 3 * 1024**3
"""Parakeet takes 1.3 GB while it is loaded and 0.9 GB later; a voice and a home server need the rest."""


def without_scheme(reference: str) -> str | None:
    """Return the name or path of a model for onnx-asr; None if the reference is to another model."""
    if not reference.lower().startswith(SCHEME):
        return None
    return reference[len(SCHEME) :].strip()


def known_models() -> tuple[KnownModel, ...]:
    """Return all models with a name, the multilingual Parakeet first."""
    return tuple(_KNOWN.values())


def known_model(name: str) -> KnownModel | None:
    """Look up a name, such as `nemo-parakeet-tdt-0.6b-v3`, also without `nemo-`, in any case.

    A repository of Whisper exports, such as `onnx-community/whisper-base`, is known, too. None stands
    for any other name.
    """
    lower = name.lower()
    known = _KNOWN.get(lower) or _KNOWN.get(f"{_FAMILY}{lower}")
    if known is None and _WHISPER_REPOSITORY.fullmatch(name) and not _ENGLISH_ONLY.search(name):
        return KnownModel(name, "whisper", name, (), _MIT)
    return known


def languages_by_name(folder: str) -> tuple[str, ...]:
    """Return the languages of the known model whose repository or name is part of a folder's name."""
    lower = folder.lower()
    for model in _KNOWN.values():
        repository = model.repository.rpartition("/")[2].removesuffix("-onnx").removesuffix("_onnx")
        if model.languages and (repository in lower or model.name.removeprefix(_FAMILY) in lower):
            return model.languages
    return ()


def choose_onnx_model(
    processor: Processor, cores: int, memory_bytes: int, languages: Sequence[str]
) -> str | None:
    """Choose the Parakeet model for `ASR_MODEL=onnx-asr:auto`; None where Whisper is the better choice.

    It needs an x86-64 processor with AVX2, `MIN_CORES`, `MIN_MEMORY_BYTES`, and to support all
    `languages`, which are Whisper's codes. Without languages, those of the household are unknown.
    """
    fast = processor.architecture == "x86_64" and processor.multiplies_integers_fast
    wanted = set(languages)
    if not (fast and cores >= MIN_CORES and memory_bytes >= MIN_MEMORY_BYTES and wanted):
        return None
    if wanted == set(_ENGLISH):
        return f"{SCHEME}{_ENGLISH_TDT}"
    return f"{SCHEME}{_MULTILINGUAL}" if wanted <= set(_EUROPEAN) else None
