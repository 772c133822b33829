"""One base URL for both servers, with the configuration of deploy/haproxy."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.integration.client import metric
from tests.support.integration.replicas import OneUrl, haproxy, one_url


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[OneUrl]:
    haproxy()
    async with one_url(tmp_path) as front:
        yield front


def silence(seconds: float = 1.0) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, 16_000, 0, "NONE", ""))
        out.writeframes(bytes(int(seconds * 32_000)))
    return file.getvalue()


async def test_the_path_selects_the_server(front: OneUrl) -> None:
    async with aiohttp.ClientSession() as http:
        speech = {"model": "tts-1", "input": "Hello.", "voice": "alloy", "response_format": "wav"}
        async with http.post(f"{front.base_url}/audio/speech", json=speech) as answer:
            assert answer.status == 200
            assert (await answer.read())[:4] == b"RIFF"
        form = aiohttp.FormData({"model": "whisper-1"})
        form.add_field("file", io.BytesIO(silence()), filename="a.wav")
        async with http.post(f"{front.base_url}/audio/transcriptions", data=form) as answer:
            assert answer.status == 200
            assert (await answer.json())["text"] == ""
        for path in ("models", "audio/voices"):
            async with http.get(f"{front.base_url}/{path}") as answer:
                assert answer.status == 200
                assert answer.headers["x-request-id"]
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
        async with http.get(f"{front.base_url}/audio/voices") as answer:
            assert answer.status == 200

        async def unavailable() -> None:
            url = front.base_url.replace("/v1", "/health")
            while True:
                async with http.get(url) as answer:
                    if answer.status == 503:
                        return

        await asyncio.wait_for(unavailable(), WAIT_SECONDS)


async def test_a_client_that_leaves_is_gone_for_the_server_too(front: OneUrl) -> None:
    host, _, port = front.base_url.removeprefix("http://").removesuffix("/v1").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    before = metric(front.tts, "voice_stack_tasks")
    body = b'{"input": "%s"}' % (b"One sentence more. " * 200)
    writer.write(
        b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    )
    assert b" 200 " in await asyncio.wait_for(reader.readline(), WAIT_SECONDS)
    assert metric(front.tts, "voice_stack_tasks") > before
    writer.transport.abort()
    await eventually(lambda: metric(front.tts, "voice_stack_tasks") <= before)
