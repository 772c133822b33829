"""`POST /v1/audio/speech` of a real server with a Piper voice."""

from __future__ import annotations

import io
import re
import wave

import aiohttp
import av
import numpy as np
import pytest
import soundfile

from tests.integration.speech.test_round_trip import LONG
from tests.support.audio_file_formats import SPEECH_TYPES
from tests.support.integration.client import words
from tests.support.integration.servers import Server
from wyoming_voice_stack.cli import client

SENTENCE = "Please close the garage door and lock the front door."
PCM_RATE = 24_000
REQUESTS = re.compile(
    rb'voice_stack_requests_total\{kind="synthesize-plain",outcome="ok"\} ([\d.]+)'
)


def body(text: str, **fields: object) -> dict[str, object]:
    return {"model": "tts-1", "voice": "alloy", "input": text, **fields}


async def speak(server: Server, text: str, **fields: object) -> tuple[str, bytes]:
    url = f"http://127.0.0.1:{server.port}/v1/audio/speech"
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, json=body(text, **fields)) as answer,
    ):
        assert answer.status == 200, await answer.text()
        return answer.content_type, await answer.read()


def spoken(server: Server) -> float:
    found = REQUESTS.search(server.get("/metrics")[1])
    return float(found[1]) if found else 0.0


def pcm16_at(rate: int, data: bytes) -> bytes:
    """What a file decodes to, as mono samples."""
    resampler = av.AudioResampler("s16", "mono", rate)
    with av.open(io.BytesIO(data), mode="r") as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    frames += resampler.resample(None)
    return b"".join(frame.to_ndarray().tobytes() for frame in frames)


async def test_each_format_has_the_length_of_the_wav(tts_server: Server) -> None:
    _, data = await speak(tts_server, SENTENCE, response_format="wav")
    with wave.open(io.BytesIO(data)) as reader:
        expected = len(reader.readframes(10**9)) / 2 / reader.getframerate()
    assert expected > 2
    samples, rate = soundfile.read(io.BytesIO(data))
    assert len(samples) / rate == pytest.approx(expected, abs=0.001)
    for name, content_type in SPEECH_TYPES.items():
        got, data = await speak(tts_server, SENTENCE, response_format=name)
        assert got == content_type
        pcm = data if name == "pcm" else pcm16_at(PCM_RATE, data)
        assert len(pcm) / 2 / PCM_RATE == pytest.approx(expected, abs=0.1), name
        assert np.abs(np.frombuffer(pcm, np.int16)).max() > 3000, name


@pytest.mark.parametrize("name", ["mp3", "opus", "aac", "pcm"])
async def test_the_words_are_understood(asr_server: Server, tts_server: Server, name: str) -> None:
    _, data = await speak(tts_server, SENTENCE, response_format=name)
    pcm = data if name == "pcm" else pcm16_at(PCM_RATE, data)
    heard = await client.transcribe(asr_server.uri, client.AudioClip(PCM_RATE, 2, 1, pcm))
    assert words(heard.text) == words(SENTENCE)


async def test_speed(tts_server: Server) -> None:
    lengths = []
    for speed in (0.5, 1, 2):
        _, pcm = await speak(tts_server, SENTENCE, response_format="pcm", speed=speed)
        lengths.append(len(pcm) / 2 / PCM_RATE)
    slow, normal, fast = lengths
    # Pauses do not change as much, and Piper rounds the length of each phoneme up.
    assert slow > 1.5 * normal
    assert fast < 0.75 * normal


async def test_the_first_byte_comes_before_synthesis_ends(tts_server: Server) -> None:
    url = f"http://127.0.0.1:{tts_server.port}/v1/audio/speech"
    # More than all buffers hold, so that synthesis waits for the reader.
    text = " ".join(LONG)
    before = spoken(tts_server)
    async with aiohttp.ClientSession(read_bufsize=1024) as http:
        async with http.post(url, json=body(text, response_format="wav")) as answer:
            assert await answer.content.read(1) == b"R"
            assert spoken(tts_server) == before
            rest = await answer.read()
        assert len(rest) > 1_000_000
        assert spoken(tts_server) == before + 1
        # One that leaves is not counted, and the next one is served.
        async with http.post(url, json=body(text, response_format="wav")) as answer:
            await answer.content.read(1)
            answer.close()
    await speak(tts_server, SENTENCE)
    assert spoken(tts_server) == before + 2


async def test_errors_and_lists(tts_server: Server) -> None:
    base = f"http://127.0.0.1:{tts_server.port}/v1"
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{base}/audio/voices") as answer:
            [voice] = (await answer.json())["voices"]
        async with http.get(f"{base}/models") as answer:
            models = [each["id"] for each in (await answer.json())["data"]]
        assert "tts-1" in models
        async with http.post(
            f"{base}/audio/speech", json=body("Hi.", voice=voice["id"], model=models[0])
        ) as answer:
            assert (answer.status, answer.content_type) == (200, "audio/mpeg")
        async with http.post(f"{base}/audio/speech", json=body("Hi.", voice="nobody")) as answer:
            error = (await answer.json())["error"]
        assert (answer.status, error["code"]) == (400, "voice_not_found")
        assert voice["id"] in error["message"]
    _, silence = await speak(tts_server, ".", response_format="wav")
    assert len(silence) < 50_000
