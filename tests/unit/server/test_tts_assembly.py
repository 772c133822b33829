"""The settings of text to speech reach what they are for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.server.assembly.tts import tts_service
from wyoming_voice_stack.tts.backend import SynthesisOptions
from wyoming_voice_stack.tts.service import TtsService

pytestmark = pytest.mark.model


def service(folder: Path, **settings: Any) -> TtsService:
    for name in ("joe.onnx", "joe.onnx.json"):
        (folder / name).write_text("{}")
    model: dict[str, Any] = {"service_mode": "tts", "tts_model": str(folder / "joe.onnx")}
    folders: dict[str, Any] = {"models_dir": folder, "voices_dir": folder}
    store = ModelStore(folder, offline=True)
    return tts_service(Settings(**model, **folders, **settings), Metrics(), store)


@pytest.mark.parametrize(("setting", "limit"), [(None, 9), (7, 7)])
def test_number_of_waiting_requests(tmp_path: Path, setting: int | None, limit: int) -> None:
    running = service(tmp_path, max_queued_requests=setting, max_connections=9)
    assert running.worker.max_queued == limit


def test_what_applies_to_every_reply(tmp_path: Path) -> None:
    running = service(
        tmp_path,
        tts_speed=1.5,
        tts_sentence_pause_ms=100,
        tts_max_text_characters=1000,
        tts_cache_mb=2,
        tts_cache_cloned=True,
    )
    assert running._options.speaking == SynthesisOptions(
        speed=1.5,
        sentence_pause_ms=100,
        max_text_characters=1000,
        cache_bytes=2_000_000,
        cache_clones=True,
    )
