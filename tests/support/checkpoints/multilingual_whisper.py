"""A multilingual Whisper made of tiny.en, since no small one can be had from a package.

Its vocabulary gets the one token that multilingual models have more, and its untrained tokens for
languages and tasks get weights: it writes English whatever the language, and believes that
everything is German, rather French than English, and all other languages alike.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

BELIEF = {"<|de|>": 0.3, "<|fr|>": 0.2, "<|en|>": 0.1}

_ADDED = 50_256
"""Position of the empty token in multilingual vocabularies."""
_LANGUAGES = range(50_259, 50_358)
_TASKS = range(50_358, 50_360)
_NO_TIMESTAMPS = 50_363
_FIRST_TIMESTAMP = 50_364

_WEIGHT_NAME = b"decoder/embeddings/weight\0"
_WEIGHT_HEADER = "<BIIBI"


def write_multilingual(source: Path, target: Path) -> Path:
    """Write the model into the folder `target`, from the model tiny.en in `source`."""
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
    believed = {tokens[token]: weight for token, weight in BELIEF.items()}
    (target / "model.bin").write_bytes(
        _widened_weights((source / "model.bin").read_bytes(), believed)
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


def _widened_weights(model: bytes, believed: dict[int, float]) -> bytes:
    header = model.index(_WEIGHT_NAME) + len(_WEIGHT_NAME)
    rank, rows, columns, kind, size = struct.unpack_from(_WEIGHT_HEADER, model, header)
    start = header + struct.calcsize(_WEIGHT_HEADER)
    weights = np.frombuffer(model, np.float16, rows * columns, start).reshape(rows, columns)
    wide = np.insert(weights, _ADDED, weights[_ADDED - 1], axis=0)
    wide[_LANGUAGES.start : _LANGUAGES.stop] = 0
    wide[_TASKS.start : _TASKS.stop] = wide[_NO_TIMESTAMPS]
    for token, weight in believed.items():
        wide[token] = wide[_FIRST_TIMESTAMP] * np.float16(weight)
    new_header = struct.pack(_WEIGHT_HEADER, rank, rows + 1, columns, kind, wide.nbytes)
    return model[:header] + new_header + wide.tobytes() + model[start + size :]
