"""`serve` up to the start of the server."""

from __future__ import annotations

from typing import Any

import pytest

from wyoming_voice_stack import logs
from wyoming_voice_stack.cli import commands
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.server import app
from wyoming_voice_stack.server.assembly import default_voice
from wyoming_voice_stack.tts.engines.kokoro.machine_speed import kokoro_speed


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings of servers that were started; none of them serves."""
    started: list[Settings] = []

    async def serve(settings: Settings, _: Any) -> None:
        started.append(settings)

    monkeypatch.setattr(app, "prepare_process", lambda _: None)
    monkeypatch.setattr(app, "serve", serve)
    monkeypatch.setattr(logs, "configure_logging", lambda *_: None)
    return started


def test_the_speed_of_kokoro_may_be_measured(
    served: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def chosen(settings: Settings, measure: Any) -> Settings:
        assert measure is kokoro_speed
        return settings.model_copy(update={"tts_model": "chosen"})

    monkeypatch.setattr(default_voice, "with_default_voice", chosen)
    commands.serve(mode="tts", model="auto")
    assert [each.tts_model for each in served] == ["chosen"]


def test_speech_to_text_chooses_no_voice(
    served: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(default_voice, "with_default_voice", None)
    commands.serve(mode="asr")
    assert [each.service_mode for each in served] == ["asr"]
