"""A session that speaks, with a fake engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.fakes import FakeSynthesizer
from tests.support.http_api import Api
from tests.support.realtime_client import (
    RealtimeClient,
    connected,
    speaking,
)
from tests.support.speaking_client import QUERY
from tests.support.tts_client import serving as serving_tts
from wyoming_voice_stack.tts.service import TtsService


@pytest.fixture
def engine() -> FakeSynthesizer:
    engine = FakeSynthesizer()
    # Two sentences at once, unless a session waits for its response before.
    engine.lanes = 2
    return engine


@pytest.fixture
async def service(engine: FakeSynthesizer, tmp_path: Path) -> AsyncIterator[TtsService]:
    async with serving_tts(engine, tmp_path, lanes=2) as service:
        yield service


@pytest.fixture
async def api(service: TtsService) -> AsyncIterator[Api]:
    async with speaking(service, {"alloy": "bert"}) as api:
        yield api


@pytest.fixture
async def client(api: Api) -> AsyncIterator[RealtimeClient]:
    async with connected(api, QUERY) as client:
        yield client
