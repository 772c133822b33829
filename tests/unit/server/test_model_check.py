from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.fake_servers.fake_hub import sha256
from tests.support.fakes import eventually
from wyoming_voice_stack.engine.status import ServiceStatus
from wyoming_voice_stack.models import digests
from wyoming_voice_stack.models.digests import write_digests
from wyoming_voice_stack.models.store import HubModel, ModelStore
from wyoming_voice_stack.server.assembly import model_check
from wyoming_voice_stack.server.assembly.model_check import CheckedService

READY = ServiceStatus(mode="asr", model="base", device="cpu", state="ready")
HUB = HubModel("org/whisper", required=("model.bin",))


class Service:
    def __init__(self) -> None:
        self.state = READY
        self.running = False

    def status(self) -> ServiceStatus:
        return self.state

    async def start(self) -> None:
        self.running = True

    async def stop(self, timeout_s: float) -> bool:
        self.running = False
        return timeout_s > 0


@asynccontextmanager
async def checked(service: Service, store: ModelStore) -> AsyncIterator[CheckedService]:
    running = CheckedService(service, store.used_folders)
    await running.start()
    assert service.running
    try:
        yield running
    finally:
        assert await running.stop(1.0)
        assert not service.running


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    folder = tmp_path / HUB.directory
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"weights")
    write_digests(folder, {"model.bin": sha256(b"weights")})
    return ModelStore(tmp_path)


def damage(store: ModelStore) -> None:
    (store.resolve("name", HUB) / "model.bin").write_bytes(b"wrights")


async def test_damage_is_the_state(store: ModelStore, caplog: pytest.LogCaptureFixture) -> None:
    damage(store)
    service = Service()
    async with checked(service, store) as running:
        await eventually(lambda: running.status().state == "failed")
        assert "model.bin has changed" in running.status().detail
        service.state = replace(READY, state="failed", detail="the engine is lost")
        assert running.status().detail == "the engine is lost"
    assert "restart the server" in caplog.text


async def test_nothing_is_read_before_the_model_is_ready(
    store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_check, "WAIT_SECONDS", 0.0)
    damage(store)
    service = Service()
    service.state = replace(READY, state="loading")
    async with checked(service, store) as running:
        for _ in range(20):
            await eventually(lambda: running._checking.running)
        assert running.status().state == "loading"
        service.state = READY
        await eventually(lambda: running.status().state == "failed")


async def test_sound_models_stay_ready(store: ModelStore) -> None:
    store.resolve("name", HUB)
    async with checked(Service(), store) as running:
        await eventually(lambda: not running._checking.running)
        assert running.status() == READY


async def test_stop_ends_the_check(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "READ_BYTES_PER_SECOND", 1e-6)
    damage(store)
    threads = threading.active_count()
    async with checked(Service(), store):
        await eventually(lambda: threading.active_count() > threads)


def test_only_models_in_use_are_checked(store: ModelStore) -> None:
    assert store.find("name", HUB) is not None
    assert store.used_folders() == []
    assert store.resolve("name", HUB) in store.used_folders()
