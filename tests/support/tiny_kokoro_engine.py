"""A tiny Kokoro with two voices, and requests for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from wyoming_voice_stack.tts.engine import SynthesisRequest
from wyoming_voice_stack.tts.engines.kokoro.engine import KokoroSource
from wyoming_voice_stack.tts.engines.kokoro.voices import STYLE_SIZE, STYLES
from wyoming_voice_stack.tts.engines.model_files import ModelFiles

SENTENCE = "The kitchen light is on, and so is the one in the hall."


def write_style(folder: Path, name: str) -> None:
    """Write a voice of random numbers."""
    folder.mkdir(exist_ok=True)
    random = np.random.default_rng(len(name))
    random.standard_normal((STYLES, STYLE_SIZE)).astype("<f4").tofile(folder / f"{name}.bin")


def source(folder: Path, **options: Any) -> KokoroSource:
    return KokoroSource(ModelFiles.at(folder), **options)


def request(text: str = SENTENCE, voice: str | None = None, **more: Any) -> SynthesisRequest:
    return SynthesisRequest(text, "en-US", voice=voice, **more)
