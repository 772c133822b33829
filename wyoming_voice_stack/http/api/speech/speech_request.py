"""The fields of a request for speech. Unknown ones are ignored, as clients send many."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from wyoming_voice_stack.codecs.encoding import OUTPUT_FORMATS, OutputFormat, require_encoder
from wyoming_voice_stack.errors import EmptyText, RequestError
from wyoming_voice_stack.http.api.api_errors import InvalidField
from wyoming_voice_stack.tts.reply import MAX_SPEED, MIN_SPEED

DEFAULT_FORMAT = "mp3"
STREAM_FORMATS = ("audio", "sse")
"""Bytes of the audio, or server-sent events with parts of them."""


@dataclass(frozen=True)
class SpeechRequest:
    """What a client asks for; None and empty names are the defaults of the server."""

    text: str
    output: OutputFormat
    model: str | None = None
    voice: str | None = None
    speed: float | None = None
    """Relative to `TTS_SPEED`."""
    events: bool = False
    """True if the audio is to come in server-sent events."""


def read_speech_request(body: Mapping[str, Any]) -> SpeechRequest:
    """Read the fields of a request.

    Raises:
        InvalidField: a field is missing or has a wrong value; `param` names it.
        EmptyText: the text is empty.
    """
    return SpeechRequest(
        text=_text(body),
        output=_output(body),
        model=_string(body, "model"),
        voice=_voice(body),
        speed=_speed(body),
        events=_choice(body, "stream_format", STREAM_FORMATS, "audio") == "sse",
    )


def _text(body: Mapping[str, Any]) -> str:
    text = _string(body, "input")
    if text is None:
        raise InvalidField(
            "Field 'input' is missing; it is the text to speak.",
            param="input",
            code="missing_required_parameter",
        )
    if not text.strip():
        raise EmptyText("Field 'input' is empty. Send at least one word.")
    return text


def _output(body: Mapping[str, Any]) -> OutputFormat:
    name = _choice(body, "response_format", OUTPUT_FORMATS, DEFAULT_FORMAT)
    output = OUTPUT_FORMATS[name]
    try:
        require_encoder(output)
    except RequestError as error:
        raise InvalidField(str(error), param="response_format", code="unsupported_value") from error
    return output


def _voice(body: Mapping[str, Any]) -> str | None:
    """A name, or an object with the name as its `id`."""
    voice = body.get("voice")
    if isinstance(voice, Mapping):
        return _string(voice, "id", param="voice")
    return _string(body, "voice")


def _speed(body: Mapping[str, Any]) -> float | None:
    value = body.get("speed")
    if value is None:
        return None
    try:
        # A boolean is a number to Python.
        speed = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        speed = math.nan
    if not MIN_SPEED <= speed <= MAX_SPEED:
        raise InvalidField(
            f"Field 'speed' is {value!r:.50}; it must be a number from {MIN_SPEED:g} to {MAX_SPEED:g}.",
            param="speed",
        )
    return speed


def _choice(body: Mapping[str, Any], name: str, choices: Collection[str], default: str) -> str:
    value = (_string(body, name) or "").strip().lower() or default
    if value not in choices:
        raise InvalidField(
            f"Field {name!r} is {value!r:.50}. Supported: {', '.join(choices)}.",
            param=name,
            code="unsupported_value",
        )
    return value


def _string(body: Mapping[str, Any], name: str, *, param: str | None = None) -> str | None:
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value
    raise InvalidField(
        f"Field {name!r} is a {type(value).__name__}; it must be a string.",
        param=param or name,
        code="invalid_type",
    )
