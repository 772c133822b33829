"""The kinds of models that onnx-asr runs, and the files that each kind consists of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast, get_args

from wyoming_voice_stack.asr.engine import ModelFamily
from wyoming_voice_stack.errors import ModelCorrupt
from wyoming_voice_stack.models.json_files import read_json

Kind: TypeAlias = Literal[
    "nemo-conformer-ctc",
    "nemo-conformer-rnnt",
    "nemo-conformer-tdt",
    "nemo-conformer-aed",
    "gigaam-v2-ctc",
    "gigaam-v2-rnnt",
    "gigaam-v3-ctc",
    "gigaam-v3-rnnt",
    "gigaam-v3-e2e-ctc",
    "gigaam-v3-e2e-rnnt",
    "gigaam-multilingual-ctc",
    "whisper",
    "whisper-ort",
]
"""As the library names them. `nemo-conformer-aed` is Canary; `whisper` was exported by Optimum,
`whisper-ort` by ONNX Runtime."""

GIGAAM_LANGUAGES = ("en", "kk", "ky", "ru", "uz")
"""Languages of GigaAM Multilingual; Whisper does not have `ky`."""

INT8 = "int8"
CONFIG = "config.json"

_ENGLISH_VOCABULARY = 51_864
"""Tokens of an English-only Whisper. The library's prompt is that of a multilingual one."""
_LANGUAGE_TOKEN = re.compile(r"<\|([a-z]{2,3})\|>")


def _gigaam(stem: str, vocabulary: str) -> tuple[str, ...]:
    parts = ("_encoder", "_decoder", "_joint") if stem.endswith("rnnt") else ("",)
    return (*(f"{stem}{part}.onnx" for part in parts), f"{vocabulary}_vocab.txt")


_TRANSDUCER = ("encoder-model.onnx", "decoder_joint-model.onnx", "vocab.txt")
_WHISPER_TOKENS = ("vocab.json", "added_tokens.json")
_FILES: Mapping[Kind, tuple[str, ...]] = {
    "nemo-conformer-tdt": _TRANSDUCER,
    "nemo-conformer-rnnt": _TRANSDUCER,
    "nemo-conformer-aed": ("encoder-model.onnx", "decoder-model.onnx", "vocab.txt"),
    "nemo-conformer-ctc": ("model.onnx", "vocab.txt"),
    "gigaam-v2-ctc": _gigaam("v2_ctc", "v2"),
    "gigaam-v2-rnnt": _gigaam("v2_rnnt", "v2"),
    "gigaam-v3-ctc": _gigaam("v3_ctc", "v3"),
    "gigaam-v3-rnnt": _gigaam("v3_rnnt", "v3"),
    "gigaam-v3-e2e-ctc": _gigaam("v3_e2e_ctc", "v3_e2e_ctc"),
    "gigaam-v3-e2e-rnnt": _gigaam("v3_e2e_rnnt", "v3_e2e_rnnt"),
    "gigaam-multilingual-ctc": _gigaam("multilingual*_ctc", "multilingual"),
    "whisper": (
        "onnx/encoder_model.onnx",
        "onnx/decoder_model_merged.onnx",
        *_WHISPER_TOKENS,
    ),
    "whisper-ort": ("whisper-*_beamsearch.onnx", *_WHISPER_TOKENS),
}
"""Patterns of the files with float32 weights and of the texts, as they are named on the hub."""


_ORIGINS = {
    "nemo": ("NeMo", "NVIDIA"),
    "gigaam": ("GigaAM", "Sber"),
    "whisper": ("Whisper", "OpenAI"),
}
"""The beginning of a kind's name -> the name of the models and their authors."""


@dataclass(frozen=True)
class Layout:
    """A model in a folder."""

    kind: Kind
    quantization: str | None
    """`int8`, which the library finds by the files' names; None is float32."""
    languages: tuple[str, ...] = ()
    """Whisper's codes, from the files; empty if they do not tell."""


def int8_files(kind: Kind) -> tuple[str, ...]:
    """Return the patterns of a model's files on the hub, with weights of 8-bit integers."""
    # Optimum separates the precision by an underscore, all others by a full stop.
    suffix = f"_{INT8}.onnx" if kind == "whisper" else f".{INT8}.onnx"
    return (CONFIG, *(name.replace(".onnx", suffix) for name in _FILES[kind]))


def can_translate(kind: Kind) -> bool:
    """Return whether a model was trained to translate, and the library lets it: Canary."""
    return kind == "nemo-conformer-aed"


def family_of(kind: Kind) -> ModelFamily:
    """Return where models of a kind come from; the library's author has converted most of them."""
    name, author = next(origin for start, origin in _ORIGINS.items() if kind.startswith(start))
    return ModelFamily(name, f"{author}, Ilya Stupakov", "https://github.com/istupakov/onnx-asr")


def read_layout(folder: Path) -> Layout:
    """Find out what the model in a folder is, from its `config.json` and the names of its files.

    Weights of 8-bit integers are preferred.

    Raises:
        ModelCorrupt: files are missing or unreadable, or the model is of another kind.
    """
    config = _read_object(folder / CONFIG)
    kind = _kind(folder, config)
    for quantization in (INT8, None):
        if not _missing(folder, kind, quantization):
            return Layout(kind, quantization, _languages(folder, kind, config))
    missing = ", ".join(_missing(folder, kind, INT8))
    raise ModelCorrupt(
        f"Files are missing from the {kind} model in {folder}: {missing} (or the same with float32"
        " weights); delete the folder and download the model again."
    )


def is_onnx_recognizer(folder: Path) -> bool:
    """Return whether a folder has the files of a model that onnx-asr runs."""
    return (folder / CONFIG).is_file() and bool(_complete_kinds(folder))


def _kind(folder: Path, config: Mapping[str, Any]) -> Kind:
    named = config.get("model_type")
    for kind in get_args(Kind):
        if named == kind:
            return cast(Kind, kind)
    complete = _complete_kinds(folder)
    if len(complete) == 1:
        return complete[0]
    raise ModelCorrupt(
        f"{folder / CONFIG} does not name the kind of the model in `model_type`; set it to one of"
        f" {', '.join(get_args(Kind))}."
    )


def _complete_kinds(folder: Path) -> list[Kind]:
    return [
        kind
        for kind in _FILES
        if not (_missing(folder, kind, INT8) and _missing(folder, kind, None))
    ]


def _missing(folder: Path, kind: Kind, quantization: str | None) -> list[str]:
    return [name for name in _FILES[kind] if not _found(folder, name, quantization)]


def _found(folder: Path, name: str, quantization: str | None) -> bool:
    pattern = name.replace(".onnx", f"?{quantization}.onnx") if quantization else name
    # The library looks for Optimum's files in all folders.
    pattern = pattern.replace("onnx/", "**/")
    return any(path.is_file() for path in folder.glob(pattern))


def _languages(folder: Path, kind: Kind, config: Mapping[str, Any]) -> tuple[str, ...]:
    stated = config.get("languages")
    if isinstance(stated, list) and stated:
        return tuple(dict.fromkeys(str(each).lower() for each in stated))
    if kind == "gigaam-multilingual-ctc":
        return GIGAAM_LANGUAGES
    if kind.startswith("gigaam"):
        return ("ru",)
    if not kind.startswith("whisper"):
        return ()
    if config.get("vocab_size") == _ENGLISH_VOCABULARY:
        raise ModelCorrupt(
            f"The Whisper model in {folder} is English-only, which onnx-asr does not support; set"
            " ASR_MODEL to a name such as base.en."
        )
    tokens = _read_object(folder / _WHISPER_TOKENS[1])
    matches = (_LANGUAGE_TOKEN.fullmatch(token) for token in sorted(tokens, key=str))
    return tuple(match[1] for match in matches if match)


def _read_object(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path)
    except FileNotFoundError as error:
        raise ModelCorrupt(
            f"{path} does not exist, so the kind of the model is unknown; download it from where the"
            " model came from."
        ) from error
    except (OSError, ValueError) as error:
        raise ModelCorrupt(f"{path} cannot be read ({error}); download the model again.") from error
    if not isinstance(content, dict):
        raise ModelCorrupt(f"{path} is not a JSON object; download the model again.")
    return content
