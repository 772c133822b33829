"""Transcriptions over HTTP: formats, fields, streams and refusals."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from tests.support.asr_client import OPTIONS
from tests.support.audio_file_formats import EVERY_FORMAT, audio_file
from tests.support.fakes import FakeRecognizer, eventually
from tests.support.transcribing_api import (
    MAX_UPLOAD_BYTES,
    TellingRecognizer,
    spoken,
    spoken_file,
    transcribing,
)
from wyoming_voice_stack.asr.engine import Speech, Transcription
from wyoming_voice_stack.engine.job_handle import Wanted
from wyoming_voice_stack.errors import Abandoned, EngineError
from wyoming_voice_stack.http.api import uploads
from wyoming_voice_stack.http.api.transcription import transcription_api
from wyoming_voice_stack.http.api.transcription.transcription_api import (
    MAX_JSON_UPLOAD_VALUES,
    TRANSLATIONS,
)


@pytest.fixture
def engine() -> TellingRecognizer:
    return TellingRecognizer()


async def test_json(engine: TellingRecognizer) -> None:
    async with transcribing(engine) as caller:
        answer = await caller.upload(spoken_file(), [("model", "whisper-1")])
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.json == {
        "text": "Hello there.",
        "usage": {"type": "duration", "seconds": 0.5},
        "languages": [{"code": "en"}],
    }


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("text", "Hello there.\n"),
        ("srt", "1\n00:00:00,000 --> 00:00:00,200\nHello there.\n"),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:00.200\nHello there.\n"),
    ],
)
async def test_bare_formats(engine: TellingRecognizer, form: str, body: str) -> None:
    async with transcribing(engine) as caller:
        answer = await caller.upload(spoken_file(), [("response_format", form)])
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.body == body


async def test_verbose_json(engine: TellingRecognizer) -> None:
    async with transcribing(TellingRecognizer("One, two.", "", "Three.")) as caller:
        answer = await caller.upload(
            spoken_file(1.0, 1.0, 1.0),
            [
                ("response_format", "verbose_json"),
                ("timestamp_granularities[]", "word"),
                ("timestamp_granularities[]", "segment"),
            ],
        )
    whole = answer.json
    assert (whole["task"], whole["language"], whole["text"]) == (
        "transcribe",
        "english",
        "One, two. Three.",
    )
    assert whole["duration"] == pytest.approx(123.0)
    first, second = whole["segments"]
    assert first == {
        "id": 0,
        "seek": 0,
        "start": 0.0,
        "end": 0.2,
        "text": "One, two.",
        "tokens": [],
        "temperature": 0.0,
        "avg_logprob": -0.25,
        "compression_ratio": 1.5,
        "no_speech_prob": 0.01,
    }
    assert (second["id"], second["text"]) == (1, "Three.")
    assert second["start"] > 120
    assert [word["word"] for word in whole["words"]] == ["One", "two", "Three"]
    assert all(word["start"] <= word["end"] for word in whole["words"])


async def test_words_are_found_only_if_they_are_asked_for(engine: TellingRecognizer) -> None:
    async with transcribing(engine) as caller:
        for form in ("json", "text", "verbose_json", "srt", "vtt"):
            await caller.upload(spoken_file(), [("response_format", form)])
        plain = await caller.upload(
            spoken_file(), [("response_format", "json"), ("timestamp_granularities[]", "word")]
        )
        segments = await caller.upload(spoken_file(), [("response_format", "verbose_json")])
    assert [one.word_times for one in engine.requests] == [False] * 3 + [True] * 2 + [False] * 2
    assert plain.status == 200
    assert "words" not in segments.json


@pytest.mark.parametrize("kind", [*EVERY_FORMAT, "nameless"])
async def test_every_format_is_taken_by_its_content(engine: TellingRecognizer, kind: str) -> None:
    file = audio_file("wav" if kind == "nameless" else kind, spoken(1.0))
    name = "upload" if kind == "nameless" else "recording.wav"
    async with transcribing(engine) as caller:
        answer = await caller.upload(file, name=name)
    assert answer.json["text"] == "Hello there."
    assert answer.json["usage"]["seconds"] == pytest.approx(1.0, abs=0.1)


async def test_channels_that_cancel_are_heard(engine: TellingRecognizer) -> None:
    tone = (np.sin(np.arange(16_000) / 5) * 0.6).astype(np.float32)
    opposite = np.stack([tone, -tone], axis=1)
    async with transcribing(engine) as caller:
        answer = await caller.upload(audio_file("wav", opposite, channels=2))
    assert answer.json["text"] == "Hello there."


@pytest.mark.parametrize("form", ["json", "text", "srt", "vtt", "verbose_json"])
async def test_silence_is_an_empty_text(engine: TellingRecognizer, form: str) -> None:
    silence = audio_file("wav", np.zeros(16_000, np.float32))
    async with transcribing(engine) as caller:
        answer = await caller.upload(silence, [("response_format", form)])
    assert answer.status == 200
    if "json" in form:
        assert answer.json["text"] == ""
        assert answer.json["usage"]["seconds"] == 1.0
    else:
        assert answer.body == {"text": "\n", "srt": "\n", "vtt": "WEBVTT\n"}[form]


@pytest.mark.parametrize("file_first", [False, True])
async def test_fields_before_and_after_the_file(
    engine: TellingRecognizer, file_first: bool
) -> None:
    fields = [
        ("model", "first"),
        ("language", "de-AT"),
        ("prompt", " Rooms of the house. "),
        ("keywords[]", "Kontor"),
        ("keywords", "Stube"),
        ("temperature", "0.2"),
        ("include[]", "logprobs"),
        ("chunking_strategy[type]", "server_vad"),
        ("known_speaker_names[]", "agent"),
        ("vad_filter", "true"),
        ("hotwords", "x"),
        ("something", "new"),
    ]
    async with transcribing(engine) as caller:
        answer = await caller.upload(spoken_file(), fields, file_first=file_first)
    assert answer.status == 200
    [request] = engine.requests
    assert (request.language, request.initial_prompt) == ("de", "Rooms of the house.")
    assert request.terms == ("Kontor", "Stube")


class HouseholdNames:
    """Names of a household that are always known."""

    names = ("Kontor", "Stube")

    async def start(self) -> None:
        """Nothing is read."""

    async def stop(self) -> None:
        """Nothing is read."""


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ([], HouseholdNames.names),
        ([("household_names", " ")], HouseholdNames.names),
        ([("household_names", "true")], HouseholdNames.names),
        ([("household_names", "false")], ()),
    ],
)
async def test_names_of_the_household_can_be_left_out(
    engine: TellingRecognizer, fields: list[tuple[str, str]], names: tuple[str, ...]
) -> None:
    async with transcribing(engine, name_source=HouseholdNames()) as caller:
        assert (await caller.upload(spoken_file(), fields)).status == 200
    assert engine.requests[0].household_names == names


async def test_blank_is_absent(engine: TellingRecognizer) -> None:
    names = (
        "model",
        "language",
        "prompt",
        "temperature",
        "response_format",
        "stream",
        "keywords[]",
    )
    async with transcribing(engine) as caller:
        answer = await caller.upload(spoken_file(), [(name, " ") for name in names])
    assert answer.json["text"] == "Hello there."
    assert engine.requests[0].initial_prompt == OPTIONS.request.initial_prompt
    assert engine.requests[0].terms == ()


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("de", "de"),
        ("DE_at", "de"),
        ("German", "de"),
        ("english", "en"),
        ("jv", "jw"),
        ("en-US", "en"),
    ],
)
async def test_language(engine: TellingRecognizer, language: str, code: str) -> None:
    async with transcribing(engine) as caller:
        await caller.upload(spoken_file(), [("language", language)])
    assert engine.requests[0].language == code


async def test_candidates(engine: TellingRecognizer) -> None:
    fields = [("languages[]", "de"), ("languages[]", "English")]
    async with transcribing(engine) as caller:
        await caller.upload(spoken_file(), fields)
    assert engine.requests[0].candidate_languages == ("de", "en")


@pytest.mark.parametrize(
    "model", ["", "first", "whisper-1", "gpt-4o-mini-transcribe", "gpt-transcribe"]
)
async def test_names_of_models(engine: TellingRecognizer, model: str) -> None:
    async with transcribing(engine) as caller:
        answer = await caller.upload(spoken_file(), [("model", model)])
    assert answer.status == 200


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
    monkeypatch.setattr(uploads, "OWN_BYTES", 0)
    whole = json.dumps({"input_audio": {"data": base64.b64encode(spoken_file()).decode()}})
    rest_may_come = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield whole[:1].encode()
        await rest_may_come.wait()
        yield whole[1:].encode()

    headers = {"Content-Type": "application/json", "Content-Length": str(len(whole))}
    async with transcribing(engine) as caller, asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(caller.post(body(), headers=headers))
        await eventually(lambda: caller.uploads.used_bytes == 1)
        rest_may_come.set()
        assert (await sending).status == 200


async def test_a_json_body_is_no_larger_than_one_turn_of_the_loop_allows(
    engine: TellingRecognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcription_api, "MAX_JSON_UPLOAD_BYTES", 64 * 1024)
    async with transcribing(engine) as caller:
        data = "A" * (64 * 1024)
        large = await caller.post(json={"input_audio": {"data": data, "format": "wav"}})
    assert large.status == 413
    assert "64 KiB" in large.error["message"]


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


async def test_an_error_in_a_stream_is_its_last_event() -> None:
    async with transcribing(FailingLater(1)) as caller:
        answer = await caller.upload(spoken_file(1.0, 1.0), [("stream", "true")])
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

    def transcribe(self, speeches: Sequence[Speech], wanted: Wanted) -> list[Transcription]:
        self.entered.set()
        while wanted():
            pass
        self.abandoned = True
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


async def test_translation(engine: TellingRecognizer) -> None:
    async with transcribing(engine) as caller:
        answer = await caller.upload(
            spoken_file(), [("response_format", "verbose_json")], path=TRANSLATIONS
        )
        plain = await caller.upload(spoken_file(), path=TRANSLATIONS)
        text = await caller.upload(
            spoken_file(), [("model", "whisper-1"), ("response_format", "text")], path=TRANSLATIONS
        )
    assert [one.task for one in engine.requests] == ["translate"] * 3
    assert (answer.json["task"], answer.json["language"]) == ("translate", "english")
    assert plain.json["text"] == "Hello there."
    assert text.body == "Hello there.\n"


async def test_models_that_cannot_translate(engine: TellingRecognizer) -> None:
    async with transcribing(engine) as caller:
        answer = await caller.upload(spoken_file(), [("model", "first.en")], path=TRANSLATIONS)
        unknown = await caller.upload(spoken_file(), [("model", "x")], path=TRANSLATIONS)
    assert answer.status == 400
    assert answer.error["param"] == "model"
    assert answer.error["message"] == "Model 'first.en' is not trained to translate. Use first."
    assert unknown.status == 404
    assert engine.requests == []


async def test_the_audio_of_a_refused_file_is_freed(engine: TellingRecognizer) -> None:
    engine.hold = threading.Event()
    async with transcribing(engine, replace(OPTIONS, max_utterance_s=100)) as caller:
        answer = await caller.upload(spoken_file(110.0))
        assert answer.error["code"] == "utterance_too_long"
        assert caller.service._audio_budget.used_bytes == 0


async def test_a_short_command_does_not_wait_for_a_long_file(engine: TellingRecognizer) -> None:
    engine.hold = threading.Event()
    long_fields = [("language", "en"), ("prompt", "long")]
    short_fields = [("language", "en"), ("prompt", "short")]
    async with transcribing(engine) as caller:
        long = asyncio.create_task(caller.upload(spoken_file(*[2.0] * 8), long_fields))
        await eventually(lambda: caller.queued_jobs == 7)
        short = asyncio.create_task(caller.upload(spoken_file(0.5), short_fields))
        await eventually(lambda: caller.queued_jobs == 8)
        engine.let_go()
        await asyncio.gather(long, short)
    order = [request.initial_prompt for request in engine.requests]
    assert order.count("long") == 8
    assert order.index("short") <= 2
