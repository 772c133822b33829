"""The lists of models and voices, as each of the two servers gives them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from tests.support.fakes import FakeSynthesizer
from tests.support.http_api import Api, serving_api
from tests.support.tts_client import serving
from wyoming_voice_stack.asr.engine import SpeechRecognizer, TranscriptionRequest
from wyoming_voice_stack.asr.service import AsrEntry, AsrOptions, AsrService
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.http.api.lists import Lists
from wyoming_voice_stack.http.api.names import ASR_ALIASES, TTS_ALIASES
from wyoming_voice_stack.metrics import Metrics

VOICES: list[dict[str, Any]] = [
    {"name": "anna [en]", "language": "en"},
    {"name": "anna [de]", "language": "de"},
    {"name": "bert", "language": "de", "speakers": ["one", "two"]},
]


def never() -> SpeechRecognizer:
    raise AssertionError("a list loads no model")


@asynccontextmanager
async def asr_lists(*names: str) -> AsyncIterator[Api]:
    metrics = Metrics()
    entries = []
    for name in names:
        worker: Worker[SpeechRecognizer] = Worker(name, never, max_queued=1, metrics=metrics)
        entries.append(AsrEntry(name, ("en", "de"), worker))
    options = AsrOptions(None, (), TranscriptionRequest(), max_utterance_s=10)
    service = AsrService(entries, options, metrics)
    async with serving_api(Lists(asr=service).routes()) as api:
        yield api


@asynccontextmanager
async def tts_lists(folder: Path) -> AsyncIterator[Api]:
    async with (
        serving(FakeSynthesizer(), folder) as service,
        serving_api(Lists(tts=service).routes()) as api,
    ):
        yield api


async def read(api: Api, path: str) -> Any:
    answer, body = await api.ask("GET", path)
    assert answer.status == 200
    return body


async def test_models_of_speech_to_text() -> None:
    async with asr_lists("base", "org/large") as api:
        listed = await read(api, "/v1/models")
        assert listed["object"] == "list"
        assert [each["id"] for each in listed["data"]] == ["base", "org/large", *ASR_ALIASES]
        assert listed["data"][0] == {
            "id": "base",
            "root": "base",
            "object": "model",
            "created": 0,
            "owned_by": "wyoming-voice-stack",
            "task": "automatic-speech-recognition",
            "language": ["de", "en"],
        }
        roots = [each["root"] for each in listed["data"]]
        assert roots == ["base", "org/large", *["base"] * len(ASR_ALIASES)]
        models = (await read(api, "/v1/audio/models"))["models"]
        assert models == [{"id": each["id"]} for each in listed["data"]]
        assert await read(api, "/v1/audio/voices") == {"voices": []}


async def test_models_of_text_to_speech(tmp_path: Path) -> None:
    async with tts_lists(tmp_path) as api:
        listed = (await read(api, "/v1/models"))["data"]
        assert [each["id"] for each in listed] == ["fake", *TTS_ALIASES]
        assert all(each["task"] == "text-to-speech" for each in listed)
        assert listed[0]["voices"] == VOICES
        models = await read(api, "/v1/audio/models")
        assert models == {"object": "list", "models": [{"id": each["id"]} for each in listed]}


async def test_voices(tmp_path: Path) -> None:
    async with tts_lists(tmp_path) as api:
        assert await read(api, "/v1/audio/voices") == {
            "voices": [{"id": voice["name"], **voice} for voice in VOICES]
        }


async def test_a_name_is_listed_once() -> None:
    async with asr_lists("whisper-1") as api:
        listed = (await read(api, "/v1/models"))["data"]
        assert [each["id"] for each in listed] == list(ASR_ALIASES)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("base", "base"),
        ("org/large", "org/large"),
        ("org%2Flarge", "org/large"),
        ("whisper-1", "whisper-1"),
        ("gpt-4o-transcribe-diarize", "gpt-4o-transcribe-diarize"),
    ],
)
async def test_one_model(path: str, name: str) -> None:
    async with asr_lists("base", "org/large") as api:
        url = URL(f"http://127.0.0.1:{api.port}/v1/models/{path}", encoded=True)
        async with api.http.get(url) as answer:
            assert answer.status == 200
            model = await answer.json()
    assert (model["id"], model["object"]) == (name, "model")


async def test_an_unknown_model(tmp_path: Path) -> None:
    async with asr_lists("base", "org/large") as asr, tts_lists(tmp_path) as tts:
        for api, available in ((asr, "base, org/large"), (tts, "fake")):
            answer, body = await api.ask("GET", "/v1/models/large-v9")
            assert answer.status == 404
            assert body["error"] == {
                "message": f"Unknown model 'large-v9'. Available: {available}.",
                "type": "invalid_request_error",
                "param": "model",
                "code": "model_not_found",
            }


async def test_the_lists_are_open_and_a_probe_finds_them(tmp_path: Path) -> None:
    async with (
        serving(FakeSynthesizer(), tmp_path) as service,
        serving_api(Lists(tts=service).routes(), key="secret") as api,
    ):
        assert await read(api, "/v1/test") == {"status": "ok"}
        for path in ("/v1/models", "/v1/models/tts-1", "/v1/audio/models", "/v1/audio/voices"):
            await read(api, path)
