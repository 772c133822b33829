"""A server with a small Parakeet of random weights: what it says has no sense, but every way there is real."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support import sounds
from tests.support.checkpoints.tiny_parakeet import write_tiny_parakeet
from tests.support.fake_servers.fake_hub import FakeHub, Repository
from tests.support.fakes import eventually
from tests.support.integration.servers import Server, running
from tests.support.speech import at_level, say
from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.cli import client
from wyoming_voice_stack.errors import VoiceStackError

DOOR = "Close the garage door and turn off all the lights."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("onnx_asr", reason="the extra onnx-asr is not installed")
    folder = tmp_path_factory.mktemp("parakeet")
    model = write_tiny_parakeet(folder / "tiny-parakeet")
    settings = {
        "ASR_MODEL": f"onnx-asr:{model}",
        "IDLE_UNLOAD_SECONDS": "2",
        "LOG_LEVEL": "INFO",
    }
    with running("asr", folder, settings) as started:
        yield started


def clip(samples: Samples) -> client.AudioClip:
    return client.AudioClip(SAMPLE_RATE, 2, 1, to_pcm16(samples))


async def heard(server: Server, samples: Samples, language: str | None = "en") -> str:
    return (await client.transcribe(server.uri, clip(samples), language=language)).text


async def post(server: Server, path: str, samples: Samples, **fields: str) -> tuple[int, Any]:
    form = aiohttp.FormData({"model": "whisper-1", **fields})
    form.add_field("file", wav(samples), filename="speech.wav")
    url = f"http://127.0.0.1:{server.port}/v1/audio/{path}"
    async with aiohttp.ClientSession() as http, http.post(url, data=form) as answer:
        return answer.status, json.loads(await answer.read())


def wav(samples: Samples) -> bytes:
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(to_pcm16(samples))
    return data.getvalue()


async def test_the_same_text_by_both_ways(server: Server) -> None:
    text = await heard(server, say(DOOR))
    assert text
    assert await heard(server, say(DOOR), language=None) == text
    fields = {"response_format": "verbose_json", "timestamp_granularities[]": "word"}
    status, answer = await post(server, "transcriptions", say(DOOR), language="en", **fields)
    assert (status, answer["text"], answer["language"]) == (200, text, "english")
    assert [word["word"] for word in answer["words"]] == text.replace(".", "").split()
    assert all(segment["avg_logprob"] > -2 for segment in answer["segments"])


async def test_hum_and_noise_give_no_text(server: Server) -> None:
    for sound in (sounds.hum(6), sounds.noise(4, 1), sounds.music(4)):
        assert await heard(server, at_level(sound, -30).clip(-1, 1)) == ""


async def test_an_unsupported_language(server: Server) -> None:
    with pytest.raises(VoiceStackError, match=r"'tiny-parakeet' does not support language 'fr'"):
        await heard(server, say(DOOR), language="fr")


async def test_a_translation_is_refused(server: Server) -> None:
    status, answer = await post(server, "translations", say(DOOR))
    assert (status, answer["error"]["code"]) == (400, "unsupported_value")
    assert "'tiny-parakeet' is not trained to translate" in answer["error"]["message"]


async def test_it_is_unloaded_and_loaded_again(server: Server) -> None:
    text = await heard(server, say(DOOR))
    await eventually(lambda: "is unloaded; the next request loads it again" in server.log)
    assert await heard(server, say(DOOR)) == text


async def test_what_it_says_of_itself(server: Server) -> None:
    status, body = server.get("/health")
    assert status == 200
    assert json.loads(body)["model"] == "tiny-parakeet"
    assert "/tiny-parakeet" not in body.decode()
    [program] = (await client.describe(server.uri)).asr
    assert "Speech to text with NeMo: model tiny-parakeet, " in (program.description or "")
    [model] = program.models
    assert (model.attribution.name, model.languages) == ("NVIDIA, Ilya Stupakov", ["de", "en"])


def test_only_its_own_libraries_are_loaded(server: Server) -> None:
    maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "onnxruntime" in maps
    assert "libtorch" not in maps
    assert "ctranslate2" not in maps


async def test_a_known_name_is_downloaded_and_runs(tmp_path: Path) -> None:
    pytest.importorskip("onnx_asr", reason="the extra onnx-asr is not installed")
    model = write_tiny_parakeet(tmp_path / "published")
    files = {path.name: path.read_bytes() for path in model.iterdir()}
    others = {"encoder-model.onnx": b"large", "encoder-model.onnx.data": b"larger"}
    name = "istupakov/parakeet-tdt-0.6b-v3-onnx"
    with FakeHub({name: Repository(files | others)}) as hub:
        settings = {
            "ASR_MODEL": "onnx-asr:parakeet-tdt-0.6b-v3",
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_HUB_OFFLINE": "0",
        }
        with running("asr", tmp_path, settings) as started:
            assert await heard(started, say(DOOR), language="fr")
    [folder] = (tmp_path / "models").glob("istupakov--*")
    assert {path.name for path in folder.iterdir()} - {"SHA256SUMS"} == set(files)
