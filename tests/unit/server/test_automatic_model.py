"""ASR_MODEL=auto selects a model for the device that Whisper will run on."""

from __future__ import annotations

import pytest

from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.server.assembly import asr

CARD_BYTES = 24 * 1024**3


@pytest.mark.parametrize(
    ("device", "has_cublas", "on_card"),
    [("auto", True, True), ("auto", False, False), ("cpu", True, False)],
)
def test_a_card_counts_if_its_library_is_installed(
    device: str, has_cublas: bool, on_card: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asr, "cuda_memory_bytes", lambda: CARD_BYTES)
    monkeypatch.setattr(asr, "load_cublas", lambda: has_cublas)
    selected: list[str] = []

    def choose(device: str, *_: object, **__: object) -> str:
        selected.append(device)
        return "base"

    monkeypatch.setattr(asr, "choose_model", choose)
    asr.selected_model("auto", Settings.model_construct(asr_device=device))
    assert selected == ["cuda" if on_card else "cpu"]
