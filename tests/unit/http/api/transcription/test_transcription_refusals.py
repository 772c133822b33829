"""Uploads that are refused, and clients that leave."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.support.asr_client import OPTIONS
from tests.support.audio_file_formats import audio_file
from tests.support.fakes import FakeRecognizer, eventually
from tests.support.transcribing_api import (
    MAX_UPLOAD_BYTES,
    TellingRecognizer,
    spoken_file,
    transcribing,
)
from wyoming_voice_stack.asr.engine import Speech, Transcription
from wyoming_voice_stack.engine.job_handle import Wanted
from wyoming_voice_stack.errors import Abandoned


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ([("language", "Klingon")], "language", "unknown_language"),
        ([("languages[]", "tlh")], "language", "unknown_language"),
        ([("response_format", "xml")], "response_format", "invalid_value"),
        ([("response_format", "diarized_json")], "response_format", "unsupported_value"),
        ([("timestamp_granularities[]", "letter")], "timestamp_granularities", "invalid_value"),
        ([("temperature", "2")], "temperature", "invalid_value"),
        ([("temperature", "hot")], "temperature", "invalid_value"),
        ([("temperature", "nan")], "temperature", "invalid_value"),
        ([("stream", "maybe")], "stream", "invalid_value"),
        ([("household_names", "maybe")], "household_names", "invalid_value"),
        ([("stream", "true"), ("response_format", "srt")], "stream", "unsupported_value"),
    ],
)
async def test_wrong_fields(
    engine: TellingRecognizer, fields: list[tuple[str, str]], param: str, code: str
) -> None:
    async with transcribing(engine) as caller:
        answer = await caller.upload(spoken_file(), fields)
    assert answer.status == 400
    assert (answer.error["type"], answer.error["param"], answer.error["code"]) == (
        "invalid_request_error",
        param,
        code,
    )
    assert engine.requests == []


async def test_unknown_model(engine: TellingRecognizer) -> None:
    async with transcribing(engine) as caller:
        answer = await caller.upload(spoken_file(), [("model", "large-v9")])
    assert answer.status == 404
    assert (answer.error["code"], answer.error["param"]) == ("model_not_found", "model")
    assert answer.error["message"] == "Unknown model 'large-v9'. Available: first, first.en."


async def test_no_file(engine: TellingRecognizer) -> None:
    async with transcribing(engine) as caller:
        missing = await caller.upload(None, [("model", "first")])
        empty = await caller.upload(b"")
        other = await caller.post(b"{}", headers={"Content-Type": "audio/wav"})
        broken = await caller.post(
            b"--x\r\n", headers={"Content-Type": "multipart/form-data; boundary=x"}
        )
    assert (missing.status, missing.error["param"]) == (400, "file")
    assert missing.error["code"] == "missing_required_parameter"
    assert (empty.status, empty.error["param"]) == (400, "file")
    assert empty.error["code"] == "unsupported_audio"
    assert empty.error["message"] == "The file is empty."
    assert other.status == 415
    assert broken.status == 400


async def test_what_is_no_audio_is_refused(engine: TellingRecognizer) -> None:
    async with transcribing(engine) as caller:
        answer = await caller.upload(b"This is a text file.\n" * 50, name="speech.wav")
    assert answer.status == 400
    assert (answer.error["code"], answer.error["param"]) == ("unsupported_audio", "file")
    assert answer.error["message"] == (
        "The file is not audio in a supported format; send wav, mp3, m4a, ogg, webm or flac."
    )


@pytest.mark.parametrize("with_length", [True, False])
async def test_a_file_that_is_too_large(engine: TellingRecognizer, with_length: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(40):
            yield bytes(MAX_UPLOAD_BYTES // 10)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    body: object = chunks()
    if with_length:
        body = io.BytesIO(bytes(MAX_UPLOAD_BYTES + 2 * 1024 * 1024))
    async with transcribing(engine) as caller:
        answer = await caller.post(body, headers=headers)
        after = await caller.upload(spoken_file())
    assert (answer.status, answer.error["code"]) == (413, "too_large")
    assert after.status == 200


async def test_audio_that_is_too_long(engine: TellingRecognizer) -> None:
    hour = audio_file("ogg", np.zeros(16_000 * 400, np.float32))
    assert len(hour) < MAX_UPLOAD_BYTES
    async with transcribing(engine, replace(OPTIONS, max_utterance_s=120)) as caller:
        answer = await caller.upload(hour)
    assert (answer.status, answer.error["code"]) == (400, "utterance_too_long")
    assert engine.requests == []


class Endless(FakeRecognizer):
    """Transcribes until the request is cancelled."""

    abandoned = False

    def transcribe(
        self, speeches: Sequence[Speech], wanted: Wanted
    ) -> Iterator[tuple[int, Transcription]]:
        self.entered.set()
        while wanted():
            pass
        self.abandoned = True
        yield from ()
        raise Abandoned


@pytest.mark.parametrize("stream", ["true", "false"])
async def test_a_client_that_leaves_stops_the_job(stream: str) -> None:
    engine = Endless()
    async with transcribing(engine) as caller:
        upload = asyncio.create_task(caller.upload(spoken_file(), [("stream", stream)]))
        await eventually(engine.entered.is_set)
        upload.cancel()
        await asyncio.wait({upload})
        await eventually(lambda: engine.abandoned)


async def test_the_audio_of_a_refused_file_is_freed(engine: TellingRecognizer) -> None:
    engine.hold = threading.Event()
    async with transcribing(engine, replace(OPTIONS, max_utterance_s=100)) as caller:
        answer = await caller.upload(spoken_file(110.0))
        assert answer.error["code"] == "utterance_too_long"
        assert caller.service._audio_budget.used_bytes == 0
