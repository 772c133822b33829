"""One base URL for both servers, with the configuration of deploy/haproxy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.support.integration.replicas import OneUrl, haproxy, one_url


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[OneUrl]:
    haproxy()
    async with one_url(tmp_path) as front:
        yield front


async def test_unknown_paths(front: OneUrl) -> None:
    async with aiohttp.ClientSession() as http:
        for path in ("", "/nothing", "/chat/completions"):
            async with http.get(f"{front.base_url}{path}") as answer:
                assert answer.status == 404
                assert (await answer.json())["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    ("query", "kind"), [("?intent=transcription", "transcription"), ("?model=tts-1", "realtime")]
)
async def test_live_sockets(front: OneUrl, query: str, kind: str) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(f"{front.base_url}/realtime{query}") as socket,
    ):
        created = await socket.receive_json()
        assert created["type"] == "session.created"
        assert created["session"]["type"] == kind


async def test_a_server_that_is_gone_is_named(front: OneUrl) -> None:
    assert await asyncio.to_thread(front.asr.stop) == 0
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{front.base_url}/audio/transcriptions") as answer:
            assert answer.status == 503
            assert "speech-to-text" in (await answer.json())["error"]["message"]

        async def unavailable() -> None:
            url = front.base_url.replace("/v1", "/health")
            while True:
                async with http.get(url) as answer:
                    if answer.status == 503:
                        return

        await asyncio.wait_for(unavailable(), 20)
