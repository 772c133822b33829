from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.integration.api_clients.api import base_url, check_refusal
from tests.integration.api_clients.environments import run
from tests.integration.api_clients.sound_files import SENTENCE, seconds
from tests.support.integration.client import words
from tests.support.integration.servers import Server

STREAMED = ("whisper-1", "gpt-4o-transcribe")


@pytest.fixture(scope="module")
def found(asr_server: Server, recordings: Path, uploads: list[Path]) -> dict[str, Any]:
    """What openai returned for every call."""
    result: dict[str, Any] = run(
        "libraries",
        "openai_transcribes",
        base_url=base_url(asr_server),
        speech=str(recordings / "speech.wav"),
        uploads=list(map(str, uploads)),
        models=STREAMED,
    )
    return result


def test_every_format_has_its_type_and_the_same_text(found: dict[str, Any]) -> None:
    classes = {name: answer["class"] for name, answer in found["formats"].items()}
    text = ("text", "srt", "vtt")
    assert classes == {
        "json": "Transcription",
        "verbose_json": "TranscriptionVerbose",
        **dict.fromkeys(text, "str"),
    }
    plain = found["formats"]["json"]["text"]
    assert words(plain) == words(SENTENCE)
    assert found["formats"]["verbose_json"]["text"] == plain
    assert found["formats"]["text"]["text"] == f"{plain}\n"
    assert plain in " ".join(found["formats"]["srt"]["text"].split())
    assert "00:00:0" in found["formats"]["srt"]["text"]
    assert found["formats"]["vtt"]["text"].startswith("WEBVTT\n")
    assert plain in " ".join(found["formats"]["vtt"]["text"].split())
    assert words(found["hints"]) == words(SENTENCE)


def test_words_have_times(found: dict[str, Any], recordings: Path) -> None:
    timed = found["timed"]
    length = seconds(recordings / "speech.wav")
    assert timed["duration"] == pytest.approx(length, abs=0.1)
    assert timed["language"] in {"en", "english"}
    assert words(" ".join(word["word"] for word in timed["words"])) == words(SENTENCE)
    times = [moment for word in timed["words"] for moment in (word["start"], word["end"])]
    assert times == sorted(times)
    assert times[0] > 0.1
    assert times[-1] < length
    assert words(" ".join(each["text"] for each in timed["segments"])) == words(SENTENCE)


@pytest.mark.parametrize("model", STREAMED)
def test_streamed_text(found: dict[str, Any], model: str) -> None:
    whole_stream(found["streams"][model])


def test_streamed_text_async(found: dict[str, Any]) -> None:
    whole_stream(found["async_stream"])


def whole_stream(events: list[dict[str, Any]]) -> None:
    *deltas, done = events
    assert {event["type"] for event in deltas} == {"transcript.text.delta"}
    assert done["type"] == "transcript.text.done"
    assert "".join(event["delta"] for event in deltas) == done["text"]
    assert words(done["text"]) == words(SENTENCE)


def test_every_kind_of_file(found: dict[str, Any], uploads: list[Path]) -> None:
    heard = {name: words(text) for name, text in found["uploads"].items()}
    assert heard == dict.fromkeys((path.name for path in uploads), words(SENTENCE))
    assert words(found["nameless"]) == words(SENTENCE)


@pytest.mark.parametrize(
    ("case", "status", "expected", "param"),
    [
        ("no sound", 400, "BadRequestError", "file"),
        ("empty", 400, "BadRequestError", "file"),
        ("language", 400, "BadRequestError", "language"),
        ("format", 400, "BadRequestError", "response_format"),
        ("speakers", 400, "BadRequestError", "response_format"),
        ("model", 404, "NotFoundError", "model"),
        ("no audio", 400, "BadRequestError", "input_audio"),
        ("no form", 415, "APIStatusError", None),
        ("translation", 400, "BadRequestError", "model"),
    ],
)
def test_refused(
    found: dict[str, Any], case: str, status: int, expected: str, param: str | None
) -> None:
    check_refusal(found["refused"][case], expected, status, param=param)
