"""What the settings make of the speech-to-text service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.fakes import eventually
from wyoming_voice_stack.asr.recorded_audio import budget_bytes
from wyoming_voice_stack.asr.service import AsrService
from wyoming_voice_stack.asr.utterance_request import UtteranceRequest
from wyoming_voice_stack.asr.whisper.catalogue import MODEL_REQUIRED, hub_model, model_languages
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.server.assembly import asr
from wyoming_voice_stack.server.assembly.asr import MAX_QUEUED_JOBS, asr_service


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    """The model `base`, without a vocabulary."""
    hub = hub_model("base")
    assert hub is not None
    folder = tmp_path / hub.directory
    folder.mkdir()
    for name in MODEL_REQUIRED:
        (folder / name).write_bytes(b"{}")
    return ModelStore(tmp_path, offline=True)


def service(store: ModelStore, **settings: Any) -> AsrService:
    made = Settings(service_mode="asr", asr_model=("base",), asr_device="cpu", **settings)
    return asr_service(made, Metrics(), store)


async def test_missing_vocabulary_is_reported_like_other_damage(store: ModelStore) -> None:
    running = service(store)
    [model] = running.models
    assert len(model.languages) == len(model_languages("base"))
    await running.start()
    try:
        await eventually(lambda: running.status().state == "failed")
        assert "delete the directory and download the model again" in running.status().detail
    finally:
        assert await running.stop(20)


@pytest.mark.parametrize(("setting", "limit"), [(None, MAX_QUEUED_JOBS), (7, 7)])
def test_number_of_waiting_requests(store: ModelStore, setting: int | None, limit: int) -> None:
    running = service(store, max_queued_requests=setting)
    worker = running.resolve(UtteranceRequest()).worker
    assert worker._queue._max_queued == limit


def test_budget_of_audio_follows_from_the_memory(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asr, "available_memory_bytes", lambda: 4 * 10**9)
    assert service(store)._audio_budget._limit_bytes == budget_bytes(4 * 10**9) == 250 * 10**6
