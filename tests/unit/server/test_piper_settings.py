from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.server.assembly.tts import tts_service
from wyoming_voice_stack.tts.engines.piper.engine import PiperSource

pytestmark = pytest.mark.model


@pytest.mark.parametrize(
    ("precision", "integers"),
    [("auto", True), ("int8", True), ("float32", False), ("bfloat16", False)],
)
def test_precision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: Any, integers: bool
) -> None:
    made: list[PiperSource] = []

    def note(*args: Any, **options: Any) -> PiperSource:
        made.append(PiperSource(*args, **options))
        return made[-1]

    monkeypatch.setattr("wyoming_voice_stack.server.assembly.tts.PiperSource", note)
    for name in ("joe.onnx", "joe.onnx.json"):
        (tmp_path / name).write_text("{}")
    settings = Settings(
        service_mode="tts",
        tts_model=str(tmp_path / "joe.onnx"),
        tts_precision=precision,
        models_dir=tmp_path,
        voices_dir=tmp_path,
    )
    tts_service(settings, Metrics(), ModelStore(tmp_path, offline=True))
    assert [each.integers for each in made] == [integers]
