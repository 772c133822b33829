"""The requests of programs in docs/api.md whose own code is not run in the tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.speech_api import RATE, speaking
from tests.support.speech_api import seconds_of as seconds_of_file
from tests.support.transcribing_api import TellingRecognizer, spoken_file, transcribing

TEXT = "Dinner is ready."
SPEECH: dict[str, dict[str, Any]] = {
    "Open WebUI": {"input": TEXT, "voice": "alloy", "model": "tts-1"},
    "n8n": {
        "model": "tts-1-hd",
        "input": TEXT,
        "voice": "shimmer",
        "response_format": "mp3",
        "speed": 1,
    },
    "AnythingLLM": {"model": "tts-1", "voice": "alloy", "input": TEXT},
    # Without `voices` in librechat.yaml it sends none.
    "LibreChat": {"input": TEXT, "model": "tts-1"},
    "OpenAI TTS": {
        "model": "tts-1",
        "input": TEXT,
        "voice": "shimmer",
        "response_format": "wav",
        "speed": 1.0,
    },
}
KEYS = ("Bearer any word", "Bearer ", "Bearer None", None)
"""What programs send if the server asks for no key."""
Fields = list[tuple[str, str]]
FORMS: dict[str, tuple[str, str, Fields, bool]] = {
    "Open WebUI": ("wav", "3f0c.wav", [("model", "whisper-1"), ("language", "en")], False),
    "Open WebUI without a model": ("wav", "3f0c.wav", [("model", "")], False),
    "n8n": (
        "mp3",
        "data.mp3",
        [("model", "whisper-1"), ("language", "English"), ("temperature", "0.5")],
        False,
    ),
    "AnythingLLM": ("webm of a browser", "audio.webm", [("model", "whisper-1")], True),
    "LibreChat": (
        "m4a",
        "audio.m4a",
        [("model", "whisper-1"), ("language", "en")],
        True,
    ),
    "OpenAI Whisper Cloud": (
        "wav",
        "audio.wav",
        [
            ("model", "whisper-1"),
            ("language", "en"),
            ("temperature", "0"),
            ("prompt", ""),
            ("response_format", "json"),
        ],
        False,
    ),
}
"""Kind and name of the file, the other fields, and whether the file is before them."""


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("program", SPEECH)
async def test_speech(tmp_path: Path, program: str, key: str | None) -> None:
    headers = {} if key is None else {"Authorization": key}
    async with (
        speaking(tmp_path) as client,
        client.http.post(client.url, json=SPEECH[program], headers=headers) as answer,
    ):
        assert answer.status == 200
        body = await answer.read()
    kind = SPEECH[program].get("response_format", "mp3")
    assert answer.content_type == {"mp3": "audio/mpeg", "wav": "audio/wav"}[kind]
    assert seconds_of_file(body) == pytest.approx(1.0, abs=4000 / RATE)


@pytest.mark.parametrize("program", FORMS)
async def test_transcription(program: str) -> None:
    kind, name, fields, file_first = FORMS[program]
    async with transcribing(TellingRecognizer()) as caller:
        answer = await caller.upload(
            spoken_file(1.0, kind=kind), fields, name=name, file_first=file_first
        )
    assert (answer.status, answer.json["text"]) == (200, "Hello there.")


async def test_a_form_without_a_length() -> None:
    """Open WebUI and LibreChat send the file while they read it."""
    file = spoken_file(1.0, kind="wav")

    async def pieces() -> AsyncIterator[bytes]:
        for begin in range(0, len(file), 1000):
            yield file[begin : begin + 1000]

    form = aiohttp.FormData()
    form.add_field("model", "whisper-1")
    form.add_field("file", pieces(), filename="3f0c.wav")
    async with transcribing(TellingRecognizer()) as caller:
        answer = await caller.post(form)
    assert (answer.status, answer.json["text"]) == (200, "Hello there.")
