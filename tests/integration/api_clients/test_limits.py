"""Keys, large uploads, loading, clients that leave, and many connections."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import aiohttp
import pytest

from benchmarks.common.processes import memory
from tests.integration.api_clients.api import base_url, check_refusal
from tests.integration.api_clients.environments import run
from tests.integration.api_clients.sound_files import SENTENCE
from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.integration.client import describes, metric, words
from tests.support.integration.servers import EMBEDDED_PIPER, EMBEDDED_WHISPER, Server, running

MEBIBYTE = 1024 * 1024
UPLOAD_MB = 26
GROWTH_MB = 16
"""Less than an upload."""
LONG_TEXT = "The weather will be sunny in the morning. Take an umbrella with you. " * 60
PROBES = 20
WAV_SECOND = 22050 * 2
FIRST_BYTES = 4096


def form(**fields: str) -> aiohttp.FormData:
    return aiohttp.FormData({"model": "whisper-1", **fields}, default_to_multipart=True)


async def refusal_of_upload(server: Server, data: io.BytesIO | AsyncIterator[bytes]) -> int:
    """Upload as a file; return the status of the answer."""
    body = form()
    body.add_field("file", data, filename="a.wav", content_type="audio/wav")
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{base_url(server)}/audio/transcriptions", data=body) as answer,
    ):
        error = (await answer.json())["error"]
        assert error["message"]
        return answer.status


def test_a_key(tmp_path: Path, recordings: Path) -> None:
    key = "a secret"
    with running("asr", tmp_path, ASR_MODEL=EMBEDDED_WHISPER, API_KEY=key) as server:
        found = run(
            "libraries",
            "openai_keys",
            base_url=base_url(server),
            key=key,
            speech=str(recordings / "speech.wav"),
        )
    assert words(found["right"]) == words(SENTENCE)
    check_refusal(found["wrong"], "AuthenticationError", 401, code="invalid_api_key")
    assert "whisper-1" in found["listed"]


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer None"}, {"Authorization": "Bearer "}]
)
async def test_no_key_is_needed(
    asr_server: Server, recordings: Path, headers: dict[str, str]
) -> None:
    body = form()
    body.add_field("file", (recordings / "speech.wav").read_bytes(), filename="speech.wav")
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{base_url(asr_server)}/audio/transcriptions", data=body, headers=headers
        ) as answer,
    ):
        assert answer.status == HTTPStatus.OK
        assert words((await answer.json())["text"]) == words(SENTENCE)


async def test_a_large_upload_is_refused_and_not_kept(asr_server: Server) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(UPLOAD_MB):
            yield bytes(MEBIBYTE)

    async def refuse_both() -> float:
        whole = io.BytesIO(bytes(UPLOAD_MB * MEBIBYTE))
        assert await refusal_of_upload(asr_server, whole) == 413
        assert await refusal_of_upload(asr_server, pieces()) == 413
        return memory(asr_server.process.pid).now_mb

    # The first ones import modules and open threads.
    before = await refuse_both()
    for _ in range(3):
        after = await refuse_both()
    assert after - before < GROWTH_MB


async def test_a_form_without_a_file(asr_server: Server) -> None:
    url = f"{base_url(asr_server)}/audio/transcriptions"
    async with aiohttp.ClientSession() as session, session.post(url, data=form(a="b")) as answer:
        error = (await answer.json())["error"]
    assert answer.status == HTTPStatus.BAD_REQUEST
    assert error["param"] == "file"


async def test_a_call_while_the_model_loads_waits_for_it(tmp_path: Path) -> None:
    with running("tts", tmp_path, TTS_MODEL=EMBEDDED_PIPER, wait_for="/health") as server:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{base_url(server)}/audio/speech", json={"input": "Hello."}) as answer,
        ):
            assert answer.status == HTTPStatus.OK
            assert await answer.read()


async def test_a_client_that_leaves_gives_back_its_place(
    steady_voice: Path, tmp_path: Path
) -> None:
    model = f"piper:{steady_voice}"
    with running("tts", tmp_path, TTS_MODEL=model, MAX_API_REQUESTS="1") as server:
        async with aiohttp.ClientSession() as session:

            async def status() -> int:
                body = {"input": "Hello."}
                async with session.post(f"{base_url(server)}/audio/speech", json=body) as answer:
                    return answer.status

            body = {"input": LONG_TEXT, "response_format": "pcm"}
            async with session.post(f"{base_url(server)}/audio/speech", json=body) as answer:
                assert answer.status == HTTPStatus.OK
                await answer.content.readexactly(FIRST_BYTES)
                assert await status() == HTTPStatus.SERVICE_UNAVAILABLE
                answer.close()
            async with asyncio.timeout(WAIT_SECONDS):
                while await status() != HTTPStatus.OK:
                    pass
        await eventually(lambda: metric(server, "voice_stack_queue_depth") == 0)


async def test_a_long_stream_and_many_connections_do_not_disturb_each_other(
    tts_server: Server,
) -> None:
    url = f"http://{tts_server.host}:{tts_server.port}"
    spoken = metric(tts_server, "voice_stack_requests_total")
    async with aiohttp.ClientSession() as session:
        async with session.post(
            f"{url}/v1/audio/speech", json={"input": LONG_TEXT, "response_format": "wav"}
        ) as answer:
            assert answer.status == HTTPStatus.OK
            size = len(await answer.content.readexactly(FIRST_BYTES))
            idle = [await asyncio.open_connection(tts_server.host, tts_server.port)]
            for _ in range(PROBES):
                idle.append(await asyncio.open_connection(tts_server.host, tts_server.port))
                async with session.get(f"{url}/health") as health:
                    assert health.status == HTTPStatus.OK
            assert await describes(tts_server.port)
            # Sound comes while most of the text is still to be spoken.
            assert metric(tts_server, "voice_stack_requests_total") == spoken
            async for data in answer.content.iter_any():
                size += len(data)
        for _, writer in idle:
            writer.close()
    assert metric(tts_server, "voice_stack_requests_total") == spoken + 1
    assert size / WAV_SECOND > 180.0
