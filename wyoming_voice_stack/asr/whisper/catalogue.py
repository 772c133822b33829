"""The known Whisper models, their languages, and the choice of one for a machine."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from wyoming_voice_stack.errors import ModelCorrupt, ModelNotFound
from wyoming_voice_stack.models.hub_model import HubModel

ENGLISH = ("en",)

_CODES_IN_ORDER = (
    "en zh de es ru ko fr ja pt tr pl ca nl ar sv it id hi fi vi he uk el ms cs ro da hu ta no th"
    " ur hr bg lt la mi ml cy sk te fa lv bn sr az sl kn et mk br eu is hy ne mn bs kk sq sw gl mr"
    " pa si km sn yo so af oc ka be tg sd gu am yi lo uz fo ht ps tk nn mt sa lb my bo tl mg as tt"
    " haw ln ha ba jw su yue"
)
WHISPER_LANGUAGES = tuple(_CODES_IN_ORDER.split())
"""Codes in the order of the models' language tokens; large-v3 added `yue` at the end."""

LANGUAGES_BEFORE_V3 = WHISPER_LANGUAGES[:-1]

MODEL_INCLUDE = (
    "config.json",
    "preprocessor_config.json",
    "model.bin",
    "tokenizer.json",
    "vocabulary.*",
)
"""Patterns of the files to download from a repository with a CTranslate2 Whisper model."""
MODEL_REQUIRED = ("config.json", "model.bin", "tokenizer.json")
"""Files in every such repository, besides a vocabulary.json or vocabulary.txt."""

# A vocabulary consists of text tokens, language tokens, 8 special tokens and 1501 timestamps.
_ENGLISH_VOCABULARY = 51_864
_MULTILINGUAL_VOCABULARY = 51_865
_V3_VOCABULARY = 51_866
_MAX_VOCABULARY_BYTES = 16 * 1024 * 1024

_DISTILLED = "distil"
_NEVER_TRANSLATE = ("turbo", _DISTILLED)
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_WITH_FEATURE_CONFIG = (*MODEL_REQUIRED, "preprocessor_config.json")


class _Published(NamedTuple):
    repo_id: str
    languages: tuple[str, ...] = LANGUAGES_BEFORE_V3
    required: tuple[str, ...] = MODEL_REQUIRED


_LARGE_V3 = _Published("Systran/faster-whisper-large-v3", WHISPER_LANGUAGES, _WITH_FEATURE_CONFIG)
_TURBO = _Published(
    "mobiuslabsgmbh/faster-whisper-large-v3-turbo", WHISPER_LANGUAGES, _WITH_FEATURE_CONFIG
)

_PUBLISHED = {
    "tiny": _Published("Systran/faster-whisper-tiny"),
    "tiny.en": _Published("Systran/faster-whisper-tiny.en", ENGLISH),
    "base": _Published("Systran/faster-whisper-base"),
    "base.en": _Published("Systran/faster-whisper-base.en", ENGLISH),
    "small": _Published("Systran/faster-whisper-small"),
    "small.en": _Published("Systran/faster-whisper-small.en", ENGLISH),
    "medium": _Published("Systran/faster-whisper-medium"),
    "medium.en": _Published("Systran/faster-whisper-medium.en", ENGLISH),
    "large-v1": _Published("Systran/faster-whisper-large-v1"),
    "large-v2": _Published("Systran/faster-whisper-large-v2"),
    "large-v3": _LARGE_V3,
    "large": _LARGE_V3,
    "large-v3-turbo": _TURBO,
    "turbo": _TURBO,
    "distil-small.en": _Published("Systran/faster-distil-whisper-small.en", ENGLISH),
    "distil-medium.en": _Published("Systran/faster-distil-whisper-medium.en", ENGLISH),
    "distil-large-v2": _Published("Systran/faster-distil-whisper-large-v2", ENGLISH),
    "distil-large-v3": _Published(
        "Systran/faster-distil-whisper-large-v3", ENGLISH, _WITH_FEATURE_CONFIG
    ),
    "distil-large-v3.5": _Published(
        "distil-whisper/distil-large-v3.5-ct2", ENGLISH, _WITH_FEATURE_CONFIG
    ),
}

_TAGS = {"jw": "jv"}
_CODES = {"jv": "jw", "nb": "no", "fil": "tl", "cmn": "zh", "iw": "he", "in": "id", "ji": "yi"}


class _Suitable(NamedTuple):
    model: str
    memory_bytes: int
    cores: int


_GIB = 1024**3

# The best model comes first. Each row states what the model needs beside a TTS server and a home
# server. With int8 on a CPU, tiny takes about 0.3 GiB, base 0.4 and small 0.9; with float16 on a GPU,
# small takes 1 GiB and large-v3-turbo 2.5. The cores keep the time for a short command below 1 s.
_FOR_CUDA = (
    _Suitable("large-v3-turbo", 6 * _GIB, 1),
    _Suitable("small", 3 * _GIB, 1),
    _Suitable("base", 0, 1),
)
_FOR_CPU = (
    _Suitable("small", 4 * _GIB, 8),
    _Suitable("base", 1 * _GIB, 2),
    _Suitable("tiny", 0, 1),
)

_NEXT_SMALLER = (
    ("large", "small"),
    ("turbo", "small"),
    ("medium", "small"),
    ("small", "base"),
    ("base", "tiny"),
    ("tiny", ""),
)
"""A size in a model's name, and the model that takes less memory."""


def hub_model(name: str) -> HubModel | None:
    """Look up a model's short name, such as `base.en`; None for any other name."""
    published = _PUBLISHED.get(name)
    return published and HubModel(
        published.repo_id, include=MODEL_INCLUDE, required=published.required
    )


def hub_repository(name: str) -> HubModel | None:
    """Return the CTranslate2 model in `organisation/repository`; None for a name of another form."""
    if not _REPOSITORY.fullmatch(name):
        return None
    return HubModel(name, include=MODEL_INCLUDE, required=MODEL_REQUIRED)


def model_names() -> tuple[str, ...]:
    """Return all names that `hub_model` knows."""
    return tuple(_PUBLISHED)


def to_tag(code: str) -> str:
    """Convert Whisper's code to the BCP 47 tag that Home Assistant uses: `jw` becomes `jv`."""
    return _TAGS.get(code, code)


def to_code(tag: str) -> str | None:
    """Convert a tag such as `en-US`, `en_US` or `EN` to Whisper's code; None if it has none."""
    primary = tag.strip().replace("_", "-").partition("-")[0].lower()
    code = _CODES.get(primary, primary)
    return code if code in WHISPER_LANGUAGES else None


def can_translate(model: str, languages: Sequence[str]) -> bool:
    """Return whether a model was trained to translate to English, by its name and its languages."""
    name = model.lower()
    return tuple(languages) != ENGLISH and not any(word in name for word in _NEVER_TRANSLATE)


def model_languages(model: str | Path) -> tuple[str, ...]:
    """Return Whisper's codes of the languages that a model supports, without loading it.

    `model` is a directory, a name of `model_names()`, or a repository id. For a directory, the size
    of the vocabulary decides, as in CTranslate2; only distilled models, which are recognized by
    their name, have all language tokens but support English alone. For a repository id, its words
    decide.

    Raises:
        ModelNotFound: the directory does not exist.
        ModelCorrupt: the directory has no Whisper vocabulary.
    """
    if isinstance(model, Path):
        known = _languages_by_vocabulary(model)
        return ENGLISH if _DISTILLED in model.name.lower() else known
    if model in _PUBLISHED:
        return _PUBLISHED[model].languages
    return _languages_by_name(model)


def choose_model(
    device: str,
    memory_bytes: int,
    cores: int,
    languages: Sequence[str],
    *,
    fast_integers: bool = True,
) -> str:
    """Choose the model for `ASR_MODEL=auto`.

    ===========================  ====================  =======================
    device                       memory, cores         model
    ===========================  ====================  =======================
    `cuda`, `cuda:N`             6 GiB on the GPU      `large-v3-turbo`
                                 3 GiB                 `small`
                                 less, or unknown (0)  `base`
    any other                    4 GiB and 8 cores     `small`
                                 1 GiB and 2 cores     `base`
                                 less                  `tiny`
    ===========================  ====================  =======================

    Without `fast_integers` (neither AVX2 nor the dot products of ARMv8.2, as on a Raspberry Pi 4),
    it is `tiny`.

    If the only language is English, it is the English-only model, if there is one: it makes fewer
    errors at the same cost. `languages` are Whisper's codes or BCP 47 tags; empty means all.
    """
    on_gpu = device.partition(":")[0] == "cuda"
    table = _FOR_CUDA if on_gpu else _FOR_CPU if fast_integers else _FOR_CPU[-1:]
    name = next(
        (row.model for row in table if memory_bytes >= row.memory_bytes and cores >= row.cores),
        table[-1].model,
    )
    only_english = {to_code(language) for language in languages} == {"en"}
    english = f"{name}.en"
    return english if only_english and english in _PUBLISHED else name


def smaller_model(model: str) -> str | None:
    """Return the next smaller of `model_names()`; None for the smallest.

    `model` is a name, a path or a repository id, such as `large-v3` or `org/whisper-medium-ct2`;
    one without a size in its name counts as larger than all.
    """
    words = model.rpartition("/")[2].lower()
    smaller = next((next_one for size, next_one in _NEXT_SMALLER if size in words), "tiny")
    if not smaller:
        return None
    return f"{smaller}.en" if words.endswith(".en") else smaller


def _languages_by_name(name: str) -> tuple[str, ...]:
    words = name.rpartition("/")[2].lower()
    if words.endswith(".en") or ".en-" in words or _DISTILLED in words:
        return ENGLISH
    return WHISPER_LANGUAGES if "v3" in words or "turbo" in words else LANGUAGES_BEFORE_V3


def _languages_by_vocabulary(directory: Path) -> tuple[str, ...]:
    size = _vocabulary_size(directory)
    if size >= _V3_VOCABULARY:
        return WHISPER_LANGUAGES
    if size == _MULTILINGUAL_VOCABULARY:
        return LANGUAGES_BEFORE_V3
    if size == _ENGLISH_VOCABULARY:
        return ENGLISH
    raise ModelCorrupt(
        f"The vocabulary in {directory} has {size} tokens, which matches no Whisper model;"
        " delete the directory and download the model again."
    )


def _vocabulary_size(directory: Path) -> int:
    if directory.is_file():
        raise ModelNotFound(
            f"{directory} is a file. Set ASR_MODEL to the folder with model.bin; unpack an archive first."
        )
    if not directory.is_dir():
        raise ModelNotFound(f"{directory} is not the directory of a Whisper model; check the path.")
    try:
        for name in ("vocabulary.json", "vocabulary.txt"):
            path = directory / name
            if path.is_file() and path.stat().st_size <= _MAX_VOCABULARY_BYTES:
                text = path.read_bytes()
                return len(json.loads(text)) if name.endswith("json") else text.count(b"\n")
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise ModelCorrupt(
            f"{path} cannot be read ({error}); delete the directory and download the model again."
        ) from error
    raise ModelCorrupt(
        f"{directory} has neither vocabulary.json nor vocabulary.txt, so it is not a CTranslate2"
        " Whisper model; delete the directory and download the model again."
    )
