"""Sessions have a place of requests that work only while something is in progress."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.asr_client import loaded_worker, serving
from tests.support.fakes import FakeRecognizer, eventually
from tests.support.realtime_client import RealtimeClient, connected, hearing, pcm
from wyoming_voice_stack.asr.service import AsrService
from wyoming_voice_stack.server import http_connections

QUERY = "?intent=transcription"


@pytest.fixture
async def service() -> AsyncIterator[AsrService]:
    async with serving(FakeRecognizer()) as service:
        await loaded_worker(service)
        yield service


async def answers(client: RealtimeClient) -> None:
    """The session still works."""
    await client.send("input_audio_buffer.clear")
    assert (await client.next())["type"] == "input_audio_buffer.cleared"


async def test_idle_sessions_leave_the_places_to_requests(service: AsrService) -> None:
    async with (
        hearing(service, max_api_requests=1) as api,
        connected(api, QUERY) as one,
        connected(api, QUERY) as other,
    ):
        await answers(one)
        await answers(other)
        assert api.listener._http_connections.requests == 0


async def test_a_session_with_work_in_progress_has_a_place(service: AsrService) -> None:
    async with (
        hearing(service, max_api_requests=1) as api,
        connected(api, QUERY) as working,
        connected(api, QUERY) as other,
    ):
        connections = api.listener._http_connections
        await working.append(pcm(0.5))
        await eventually(lambda: connections.requests == 1)
        await other.append(pcm(0.5))
        error = (await other.until("error"))[-1]["error"]
        assert "MAX_API_REQUESTS" in error["message"]
        await working.send("input_audio_buffer.clear")
        await working.until("input_audio_buffer.cleared")
        await eventually(lambda: connections.requests == 0)
        await other.append(pcm(0.5))
        await eventually(lambda: connections.requests == 1)


async def test_a_place_is_free_when_the_client_leaves(service: AsrService) -> None:
    async with hearing(service, max_api_requests=1) as api:
        async with connected(api, QUERY) as client:
            await client.append(pcm(0.5))
            await eventually(lambda: api.listener._http_connections.requests == 1)
        await eventually(lambda: api.listener._http_connections.requests == 0)


async def test_a_place_is_free_when_the_text_is_sent(service: AsrService) -> None:
    async with hearing(service, max_api_requests=1) as api, connected(api, QUERY) as client:
        await client.append(pcm(0.5))
        await client.commit()
        await client.until("conversation.item.input_audio_transcription.completed")
        await eventually(lambda: api.listener._http_connections.requests == 0)


async def test_the_oldest_idle_session_gives_way(
    service: AsrService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_connections, "IDLE_SOCKETS", 2)
    async with (
        hearing(service) as api,
        connected(api, QUERY) as oldest,
        connected(api, QUERY) as used,
    ):
        await used.append(pcm(0.5))
        await eventually(lambda: api.listener._http_connections.requests == 1)
        async with connected(api, QUERY), connected(api, QUERY) as newest:
            # One that works does not give way, and does not count.
            assert await oldest.end() == ([], 1006)
            await answers(newest)
            await used.send("input_audio_buffer.clear")
            await used.until("input_audio_buffer.cleared")
