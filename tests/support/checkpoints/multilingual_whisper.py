"""A multilingual Whisper made from tiny.en, because no package contains a small one.

The vocabulary gets the additional token of multilingual models, and the untrained tokens of languages and
tasks get weights. The model transcribes English whatever the language; it ranks German first, then French,
then English, and all other languages equally.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

RANKING = {"<|de|>": 0.3, "<|fr|>": 0.2, "<|en|>": 0.1}

_ADDED = 50_256
"""Index of the empty token in multilingual vocabularies."""
_LANGUAGES = range(50_259, 50_358)
_TASKS = range(50_358, 50_360)
_NO_TIMESTAMPS = 50_363
_FIRST_TIMESTAMP = 50_364

_WEIGHT_NAME = b"decoder/embeddings/weight\0"
_WEIGHT_HEADER = "<BIIBI"


def write_multilingual(source: Path, target: Path) -> Path:
    """Write the model to the folder `target`, from the tiny.en model in `source`."""
    target.mkdir(parents=True)
    tokenizer = _widened_tokenizer(json.loads((source / "tokenizer.json").read_text()))
    tokens = {entry["content"]: entry["id"] for entry in tokenizer["added_tokens"]}
    (target / "tokenizer.json").write_text(json.dumps(tokenizer))
    (target / "config.json").write_text(
        json.dumps(_widened_config(json.loads((source / "config.json").read_text())))
    )
    vocabulary = (source / "vocabulary.txt").read_bytes().split(b"\n")
    vocabulary.insert(_ADDED, b"")
    (target / "vocabulary.txt").write_bytes(b"\n".join(vocabulary))
    ranked = {tokens[token]: weight for token, weight in RANKING.items()}
    (target / "model.bin").write_bytes(
        _widened_weights((source / "model.bin").read_bytes(), ranked)
    )
    return target


def _widened_tokenizer(tokenizer: dict[str, Any]) -> dict[str, Any]:
    for entry in tokenizer["added_tokens"]:
        entry["id"] += 1
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary["<|endoftext|>"] += 1
    vocabulary[""] = _ADDED
    return tokenizer


def _widened_config(config: dict[str, Any]) -> dict[str, Any]:
    for name in ("suppress_ids", "suppress_ids_begin"):
        config[name] = [token + (token >= _ADDED) for token in config[name]]
    config["lang_ids"] = list(_LANGUAGES)
    return config


def _widened_weights(model: bytes, ranked: dict[int, float]) -> bytes:
    header = model.index(_WEIGHT_NAME) + len(_WEIGHT_NAME)
    rank, rows, columns, kind, size = struct.unpack_from(_WEIGHT_HEADER, model, header)
    start = header + struct.calcsize(_WEIGHT_HEADER)
    weights = np.frombuffer(model, np.float16, rows * columns, start).reshape(rows, columns)
    wide = np.insert(weights, _ADDED, weights[_ADDED - 1], axis=0)
    wide[_LANGUAGES.start : _LANGUAGES.stop] = 0
    wide[_TASKS.start : _TASKS.stop] = wide[_NO_TIMESTAMPS]
    for token, weight in ranked.items():
        wide[token] = wide[_FIRST_TIMESTAMP] * np.float16(weight)
    new_header = struct.pack(_WEIGHT_HEADER, rank, rows + 1, columns, kind, wide.nbytes)
    return model[:header] + new_header + wide.tobytes() + model[start + size :]
