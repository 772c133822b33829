"""A session that transcribes, with a fake engine behind a real worker and a real listener."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.asr_client import count_as_live, loaded_worker
from tests.support.asr_client import serving as serving_asr
from tests.support.hearing_client import LONG, QUERY, Counting
from tests.support.http_api import Api
from tests.support.realtime_client import (
    RealtimeClient,
    connected,
    hearing,
)
from wyoming_voice_stack.asr import partial_jobs
from wyoming_voice_stack.asr.service import AsrService


@pytest.fixture
def engine() -> Counting:
    return Counting()


@pytest.fixture
async def service(engine: Counting) -> AsyncIterator[AsrService]:
    async with serving_asr(engine, LONG) as service:
        await loaded_worker(service)
        yield service


@pytest.fixture
async def api(service: AsrService) -> AsyncIterator[Api]:
    async with hearing(service) as api:
        yield api


@pytest.fixture(autouse=True)
def _live(monkeypatch: pytest.MonkeyPatch) -> None:
    count_as_live(monkeypatch)
    monkeypatch.setattr(partial_jobs, "PARTIAL_COOLDOWN", 0.0)


@pytest.fixture
async def manual(api: Api) -> AsyncIterator[RealtimeClient]:
    """A client that commits itself."""
    async with connected(api, QUERY) as client:
        await client.configure(turn_detection=None)
        assert (await client.next())["type"] == "session.updated"
        yield client
