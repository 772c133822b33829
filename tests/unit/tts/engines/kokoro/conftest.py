"""A tiny Kokoro, loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.checkpoints.tiny_kokoro import TOKENS, make_tiny_kokoro
from tests.support.tiny_kokoro_engine import source, write_style
from wyoming_voice_stack.tts.engines.kokoro import engine as module
from wyoming_voice_stack.tts.engines.kokoro.engine import KokoroSynthesizer
from wyoming_voice_stack.tts.engines.kokoro.voices import LANGUAGES


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny model with two voices; texts are tokens by their letters."""

    def letters(text: str, language: str) -> tuple[int, ...]:
        assert language in LANGUAGES.values()
        return tuple(1 + ord(letter) % (TOKENS - 1) for letter in text if letter.isalpha())

    monkeypatch.setattr(module, "tokens", letters)
    make_tiny_kokoro(tmp_path / "model.onnx")
    for name in ("af_heart", "am_michael"):
        write_style(tmp_path / "voices", name)
    return tmp_path


@pytest.fixture
def tiny(folder: Path) -> Iterator[KokoroSynthesizer]:
    engine = source(folder, threads=1).load()
    yield engine
    engine.close()
