"""Transcriptions over HTTP: formats, fields, streams and refusals."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from tests.support.asr_client import OPTIONS
from tests.support.audio_file_formats import EVERY_FORMAT, audio_file
from tests.support.fakes import eventually
from tests.support.transcribing_api import (
    TellingRecognizer,
    spoken,
    spoken_file,
    transcribing,
)
from wyoming_voice_stack.http.api.transcription.transcription_api import (
    TRANSLATIONS,
)


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
