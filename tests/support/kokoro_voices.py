"""Folders in the form of Kokoro's, without its weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wyoming_voice_stack.tts.engines.kokoro.voices import STYLE_SIZE, STYLES


def write_voice(folder: Path, name: str, value: float = 0.0) -> Path:
    """A voice file whose style for N tokens has N - 1 + `value` everywhere."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = np.arange(STYLES, dtype="<f4")[:, np.newaxis] + np.float32(value)
    path = folder / f"{name}.bin"
    np.broadcast_to(rows, (STYLES, STYLE_SIZE)).astype("<f4").tofile(path)
    return path


def kokoro_folder(folder: Path, *voices: str) -> Path:
    """A folder with a model, which cannot be loaded, and voices."""
    (folder / "onnx").mkdir(parents=True)
    (folder / "onnx" / "model_quantized.onnx").write_bytes(b"not a model" * 200)
    for name in voices or ("af_heart", "af_bella", "ef_dora"):
        write_voice(folder / "voices", name)
    return folder
