"""Which fields a request for speech may have, and what is said of wrong ones."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wyoming_voice_stack.codecs import encoding
from wyoming_voice_stack.codecs.encoding import OUTPUT_FORMATS
from wyoming_voice_stack.errors import EmptyText
from wyoming_voice_stack.http.api.api_errors import InvalidField
from wyoming_voice_stack.http.api.speech.speech_request import SpeechRequest, read_speech_request

MP3 = OUTPUT_FORMATS["mp3"]


def test_the_text_is_enough() -> None:
    assert read_speech_request({"input": " Hello. "}) == SpeechRequest(" Hello. ", MP3)


def test_all_fields() -> None:
    body = {
        "model": "tts-1",
        "input": "Hello.",
        "voice": "anna",
        "response_format": "opus",
        "speed": 1.5,
        "stream_format": "sse",
    }
    assert read_speech_request(body) == SpeechRequest(
        "Hello.", OUTPUT_FORMATS["opus"], "tts-1", "anna", 1.5, events=True
    )


@pytest.mark.parametrize(
    "ignored",
    [
        {"instructions": "None"},
        {"instructions": 5, "stream": True, "backend": None, "lang_code": "a", "sample_rate": 1},
        {"response_format": None, "speed": None, "stream_format": None, "voice": None},
        {"response_format": "", "stream_format": "", "model": None},
    ],
)
def test_other_and_blank_fields_change_nothing(ignored: dict[str, Any]) -> None:
    assert read_speech_request({"input": "Hello.", **ignored}) == SpeechRequest("Hello.", MP3)


@pytest.mark.parametrize("name", OUTPUT_FORMATS)
def test_every_format(name: str) -> None:
    asked = read_speech_request({"input": "Hello.", "response_format": f" {name.upper()} "})
    assert asked.output.name == name


@pytest.mark.parametrize(("speed", "read"), [(0.25, 0.25), (4, 4.0), ("1.2", 1.2)])
def test_speeds(speed: object, read: float) -> None:
    assert read_speech_request({"input": "Hello.", "speed": speed}).speed == read


def test_a_voice_may_be_an_object() -> None:
    assert read_speech_request({"input": "a", "voice": {"id": "anna", "x": 1}}).voice == "anna"
    assert read_speech_request({"input": "a", "voice": {}}).voice is None


@pytest.mark.parametrize(
    ("fields", "param", "code", "message"),
    [
        ({"input": None}, "input", "missing_required_parameter", "is the text to speak"),
        ({"input": ["Hello."]}, "input", "invalid_type", "is a list; it must be a string"),
        ({"model": 1}, "model", "invalid_type", "must be a string"),
        ({"voice": ["anna"]}, "voice", "invalid_type", "must be a string"),
        ({"voice": {"id": 1}}, "voice", "invalid_type", "must be a string"),
        ({"response_format": "ogg"}, "response_format", "unsupported_value", "mp3, opus, aac"),
        ({"stream_format": "raw"}, "stream_format", "unsupported_value", "audio, sse"),
        ({"speed": 9}, "speed", None, "is 9; it must be a number from 0.25 to 4"),
        ({"speed": 0}, "speed", None, "is 0"),
        ({"speed": "fast"}, "speed", None, "is 'fast'"),
        ({"speed": True}, "speed", None, "is True"),
        ({"speed": "nan"}, "speed", None, "is 'nan'"),
        ({"speed": 10**400}, "speed", None, "from 0.25 to 4"),
        ({"speed": []}, "speed", None, "from 0.25 to 4"),
    ],
)
def test_wrong_fields(fields: dict[str, Any], param: str, code: str | None, message: str) -> None:
    with pytest.raises(InvalidField, match=message) as caught:
        read_speech_request({"input": "Hello.", **fields})
    assert (caught.value.param, caught.value.api_code) == (param, code)


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_text(text: str) -> None:
    with pytest.raises(EmptyText, match="Send at least one word"):
        read_speech_request({"input": text})


FIELDS = ("model", "input", "voice", "response_format", "speed", "stream_format", "instructions")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("id"), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES))
def test_any_json_is_a_request_or_a_refusal(body: dict[str, Any]) -> None:
    try:
        asked = read_speech_request(body)
    except (InvalidField, EmptyText):
        return
    assert asked.text.strip()
    assert asked.speed is None or 0.25 <= asked.speed <= 4


def test_a_format_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "find_spec", lambda _: None)
    with pytest.raises(InvalidField, match=r"'mp3' needs PyAV.*\[api\]") as caught:
        read_speech_request({"input": "Hello."})
    assert caught.value.param == "response_format"
    assert read_speech_request({"input": "Hello.", "response_format": "pcm"}).text == "Hello."
