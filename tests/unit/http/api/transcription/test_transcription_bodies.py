"""JSON bodies, and answers as a stream."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest

from tests.support.audio_file_formats import audio_file
from tests.support.fakes import eventually
from tests.support.transcribing_api import (
    TellingRecognizer,
    spoken_file,
    transcribing,
)
from wyoming_voice_stack.asr.engine import Speech, Transcription
from wyoming_voice_stack.errors import EngineError
from wyoming_voice_stack.http.api.body_budget import MIB, BodyBudget
from wyoming_voice_stack.http.api.transcription import transcription_api
from wyoming_voice_stack.http.api.transcription.transcription_api import (
    MAX_JSON_UPLOAD_VALUES,
)


async def test_json_body(engine: TellingRecognizer) -> None:
    data = base64.b64encode(spoken_file()).decode()
    body = {
        "model": "",
        "language": "de",
        "keywords[]": ["Kontor"],
        "temperature": 0,
        "stream": False,
        "input_audio": {"data": data, "format": "wav"},
    }
    async with transcribing(engine) as caller:
        answer = await caller.post(json=body)
        broken = await caller.post(json=body | {"input_audio": {"data": "§", "format": "wav"}})
        empty = await caller.post(json={"model": "first"})
        large = await caller.post(json=body | {"input_audio": {"data": "A" * 600_000}})
    assert answer.json["text"] == "Hello there."
    assert (engine.requests[0].language, engine.requests[0].terms) == ("de", ("Kontor",))
    assert (broken.status, broken.error["param"]) == (400, "input_audio")
    assert (empty.status, empty.error["param"]) == (400, "input_audio")
    assert large.status == 413
    assert large.error["message"].endswith("; send less (MAX_UPLOAD_MB).")


async def test_json_with_many_values(engine: TellingRecognizer) -> None:
    audio = {"data": base64.b64encode(spoken_file()).decode(), "format": "wav"}
    async with transcribing(engine) as caller:
        nested = await caller.post(json={"input_audio": audio, "x": [[]] * MAX_JSON_UPLOAD_VALUES})
        many = await caller.post(json={"input_audio": audio, "languages": ["de"] * 101})
    assert (nested.status, nested.error["code"]) == (400, "invalid_value")
    assert (many.status, many.error["param"]) == (400, "languages")
    assert not engine.requests


async def test_json_counts_as_it_arrives(
    engine: TellingRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = BodyBudget(MIB, own_bytes=0)
    monkeypatch.setattr(transcription_api, "json_budget", lambda: budget)
    whole = json.dumps({"input_audio": {"data": base64.b64encode(spoken_file()).decode()}})
    rest_may_come = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield whole[:1].encode()
        await rest_may_come.wait()
        yield whole[1:].encode()

    headers = {"Content-Type": "application/json", "Content-Length": str(len(whole))}
    async with transcribing(engine) as caller, asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(caller.post(body(), headers=headers))
        await eventually(lambda: budget.used_bytes == 1)
        rest_may_come.set()
        assert (await sending).status == 200


async def pieces(data: str) -> AsyncIterator[bytes]:
    yield b'{"input_audio": "'
    yield data.encode()


async def test_a_json_body_is_no_larger_than_one_turn_of_the_loop_allows(
    engine: TellingRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcription_api, "MAX_JSON_UPLOAD_BYTES", 64 * 1024)
    async with transcribing(engine) as caller:
        data = "A" * (64 * 1024)
        large = await caller.post(json={"input_audio": {"data": data, "format": "wav"}})
        unannounced = await caller.post(pieces(data), headers={"Content-Type": "application/json"})
    for answer in (large, unannounced):
        assert answer.status == 413
        assert answer.error["message"].endswith("larger than 64 KiB; send the file in a form.")


async def test_stream(engine: TellingRecognizer) -> None:
    async with transcribing(TellingRecognizer("One, two.", "", "Three.")) as caller:
        answer = await caller.upload(
            spoken_file(1.0, 1.0, 1.0), [("stream", "true"), ("model", "whisper-1")]
        )
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.headers["Cache-Control"] == "no-cache"
    *deltas, done = answer.events
    assert [delta["type"] for delta in deltas] == ["transcript.text.delta"] * 2
    assert [delta["delta"] for delta in deltas] == ["One, two.", " Three."]
    assert "".join(delta["delta"] for delta in deltas) == done["text"]
    assert done["type"] == "transcript.text.done"
    assert done["usage"] == {"type": "duration", "seconds": 123.0}


async def test_stream_of_a_language_without_spaces(engine: TellingRecognizer) -> None:
    class Japanese(TellingRecognizer):
        languages = ("ja",)

        def transcribe_one(self, speech: Speech) -> Transcription:
            return replace(super().transcribe_one(speech), language="ja")

    async with transcribing(Japanese("はい。", "いいえ。")) as caller:
        answer = await caller.upload(spoken_file(1.0, 1.0), [("stream", "true")])
    *deltas, done = answer.events
    assert "".join(delta["delta"] for delta in deltas) == done["text"] == "はい。いいえ。"


async def test_stream_of_silence_is_done_at_once(engine: TellingRecognizer) -> None:
    silence = audio_file("wav", np.zeros(16_000, np.float32))
    async with transcribing(engine) as caller:
        answer = await caller.upload(silence, [("stream", "true")])
    assert [(event["type"], event["text"]) for event in answer.events] == [
        ("transcript.text.done", "")
    ]


class FailingLater(TellingRecognizer):
    """Fails on all speech but the first `good` spans."""

    def __init__(self, good: int) -> None:
        super().__init__()
        self._good = good

    def transcribe_one(self, speech: Speech) -> Transcription:
        if len(self.requests) > self._good:
            raise EngineError("Whisper failed on this utterance; try again.")
        return super().transcribe_one(speech)


async def test_an_error_in_a_stream_is_its_last_event(caplog: pytest.LogCaptureFixture) -> None:
    async with transcribing(FailingLater(1)) as caller:
        answer = await caller.upload(spoken_file(1.0, 1.0), [("stream", "true")])
        # It is counted and logged as other errors are.
        assert 'code="engine-failed"' in caller.metrics.render().decode()
    assert any("cut off: Whisper failed on this utterance" in line for line in caplog.messages)
    delta, failed = answer.events
    assert delta["delta"] == "Hello there."
    assert failed["error"]["type"] == "server_error"
    assert failed["error"]["message"] == "Whisper failed on this utterance; try again."


@pytest.mark.parametrize("stream", ["true", "false"])
async def test_an_error_before_the_first_byte_is_a_status(stream: str) -> None:
    async with transcribing(FailingLater(0)) as caller:
        answer = await caller.upload(spoken_file(), [("stream", stream)])
    assert (answer.status, answer.error["code"]) == (500, "engine_failed")
    assert answer.error["message"] == "Whisper failed on this utterance; try again."
