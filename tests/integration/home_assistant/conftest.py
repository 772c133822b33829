from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from typing import get_args

import pytest

from tests.integration.home_assistant import process
from tests.integration.home_assistant.home import Home, signed_in
from tests.integration.home_assistant.process import HomeAssistant, Release
from tests.integration.home_assistant.supervisor import Supervisor, supervising
from tests.support.integration.servers import EMBEDDED_WHISPER, Server, free_port, running


@pytest.fixture(scope="session", params=get_args(Release))
def release(request: pytest.FixtureRequest) -> Release:
    chosen: Release = request.param
    if not process.installed(chosen):
        pytest.skip("Home Assistant is not installed; scripts/home_assistant.sh does it")
    return chosen


@pytest.fixture(scope="session")
def supervisor(release: Release) -> Iterator[Supervisor]:
    """One for each run of Home Assistant."""
    with supervising() as one:
        yield one


@pytest.fixture(scope="session")
def home_assistant(
    release: Release, supervisor: Supervisor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HomeAssistant]:
    folder = tmp_path_factory.mktemp("hass") / "config"
    with process.running(release, folder, supervisor) as one:
        yield one
        # The servers must not cause errors in Home Assistant's log.
        assert one.complaints == []
        assert supervisor.unknown == []


@pytest.fixture(scope="session")
def instance_name() -> str:
    """Name that the speech-to-text server announces; other servers may be on the network."""
    return f"test-{os.getpid()}-{free_port()}"


@pytest.fixture(scope="session")
def announced_asr(instance_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Whisper tiny.en, announced on the network."""
    with running(
        *("asr", tmp_path_factory.mktemp("announced")),
        ASR_MODEL=EMBEDDED_WHISPER,
        ZEROCONF="true",
        ZEROCONF_NAME=instance_name,
        HOST="0.0.0.0",
        # Home Assistant connects to the address of the network, which may be a public one.
        ALLOWED_CLIENTS="any",
    ) as server:
        yield server


@pytest.fixture
async def home(home_assistant: HomeAssistant) -> AsyncIterator[Home]:
    async with signed_in(home_assistant) as one:
        yield one
