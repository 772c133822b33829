from __future__ import annotations

import json
import wave
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import soundfile

from tests.integration.api_clients.api import base_url, check_refusal
from tests.integration.api_clients.environments import run
from tests.integration.api_clients.sound_files import SENTENCE, decoded, seconds
from tests.support.audio_file_formats import SPEECH_TYPES
from tests.support.integration.client import words
from tests.support.integration.servers import Server, running
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli import client

# The small model hears it exactly, however the reply was divided and encoded.
SENTENCES = f"{SENTENCE} Please open the window."
PCM_SECOND = 24000 * 2
TOLERANCE_S = 0.1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spoken")


@pytest.fixture(scope="module")
def found(tts_server: Server, folder: Path) -> dict[str, Any]:
    """What openai returned for every call; the files are in `folder`."""
    result: dict[str, Any] = run(
        "libraries",
        "openai_speaks",
        base_url=base_url(tts_server),
        text=SENTENCES,
        folder=str(folder),
    )
    return result


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("name", SPEECH_TYPES)
async def test_every_format_is_the_same_speech(
    found: dict[str, Any], folder: Path, asr_server: Server, kind: str, name: str
) -> None:
    headers = found[kind][name]
    assert headers["content-type"] == SPEECH_TYPES[name]
    assert headers["x-request-id"]
    expected = seconds(folder / f"{kind}.wav")
    assert expected > 2.0
    assert seconds(folder / f"{kind}.{name}") == pytest.approx(expected, abs=TOLERANCE_S)
    heard = await client.transcribe(
        asr_server.uri,
        client.AudioClip(16000, 2, 1, to_pcm16(decoded(folder / f"{kind}.{name}"))),
    )
    assert words(heard.text) == words(SENTENCES)


def test_streamed_wav_is_read_by_every_reader(found: dict[str, Any], folder: Path) -> None:
    path = folder / "sync.wav"
    expected = seconds(path)
    framed = run("wyoming-openai", "frame_wav", name=str(path))
    assert (framed["width"], framed["header_missing"], framed["missing"]) == (2, False, 0)
    assert framed["bytes"] / 2 / framed["rate"] == pytest.approx(expected, abs=0.01)
    with wave.open(str(path)) as file:
        assert (file.getsampwidth(), file.getnchannels()) == (2, 1)
        assert len(file.readframes(file.getnframes())) == framed["bytes"]
    samples, rate = soundfile.read(path)
    assert len(samples) / rate == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("rate", [16000, 24000])
async def test_voices_of_other_sample_rates(rate: int, steady_voice: Path, tmp_path: Path) -> None:
    voice = tmp_path / steady_voice.name
    voice.symlink_to(steady_voice)
    config = json.loads(steady_voice.with_name(f"{steady_voice.name}.json").read_text("utf-8"))
    config["audio"]["sample_rate"] = rate
    voice.with_name(f"{voice.name}.json").write_text(json.dumps(config), "utf-8")
    with running("tts", tmp_path, TTS_MODEL=f"piper:{voice}") as server:
        async with aiohttp.ClientSession() as session:
            for name in ("wav", "pcm", "opus"):
                body = {"input": SENTENCE, "response_format": name}
                async with session.post(f"{base_url(server)}/audio/speech", json=body) as answer:
                    (tmp_path / f"said.{name}").write_bytes(await answer.read())
    with wave.open(str(tmp_path / "said.wav")) as file:
        assert file.getframerate() == rate
    expected = seconds(tmp_path / "said.wav")
    assert expected > 1.0
    for name in ("pcm", "opus"):
        assert seconds(tmp_path / f"said.{name}") == pytest.approx(expected, abs=TOLERANCE_S)


def test_punctuation_is_a_short_silence(found: dict[str, Any]) -> None:
    assert found["punctuation"] > 0


def test_voice_as_an_object_and_speed(found: dict[str, Any], folder: Path) -> None:
    expected = seconds(folder / "sync.wav")
    assert found["known"] / PCM_SECOND == pytest.approx(expected, abs=TOLERANCE_S)
    assert found["quick"] / PCM_SECOND < 0.75 * expected


@pytest.mark.parametrize(
    ("case", "status", "expected", "param"),
    [
        ("voice", 400, "BadRequestError", "voice"),
        ("format", 400, "BadRequestError", "response_format"),
        ("speed", 400, "BadRequestError", "speed"),
        ("input", 400, "BadRequestError", "input"),
        ("long", 400, "BadRequestError", "input"),
        ("model", 404, "NotFoundError", "model"),
        ("broken", 400, "BadRequestError", None),
        ("form", 415, "APIStatusError", None),
    ],
)
def test_refused(
    found: dict[str, Any], case: str, status: int, expected: str, param: str | None
) -> None:
    check_refusal(found["refused"][case], expected, status, param=param)
