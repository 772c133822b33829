"""The fields of a request for a transcription or a translation."""

from __future__ import annotations

import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wyoming_voice_stack.http.api.api_errors import InvalidField
from wyoming_voice_stack.http.api.language_names import language_tag

MAX_TEMPERATURE = 1.0
MAX_CANDIDATES = 100
"""Languages to choose from."""
MAX_SHOWN = 40
"""Characters of a wrong value that a message repeats."""
_TRUE, _FALSE = frozenset({"true", "1", "yes", "on"}), frozenset({"false", "0", "no", "off"})
_WORD, _SEGMENT = "word", "segment"


class AnswerFormat(StrEnum):
    """`response_format`."""

    JSON = "json"
    TEXT = "text"
    SRT = "srt"
    VTT = "vtt"
    VERBOSE_JSON = "verbose_json"


STREAMED_FORMATS = (AnswerFormat.JSON, AnswerFormat.TEXT)
_DIARIZED = "diarized_json"


@dataclass(frozen=True)
class TranscriptionFields:
    """What a request asks for; what it leaves out, and what is blank, has the default."""

    model: str | None = None
    language: str | None = None
    """A BCP 47 tag."""
    languages: tuple[str, ...] = ()
    """BCP 47 tags to choose from."""
    prompt: str | None = None
    keywords: tuple[str, ...] = ()
    format: AnswerFormat = AnswerFormat.JSON
    words: bool = False
    """Times of the words are wanted."""
    stream: bool = False
    household_names: bool = True
    """Names of the household are expected."""

    @property
    def word_times(self) -> bool:
        """True if the answer needs the times of the words."""
        subtitles = self.format in {AnswerFormat.SRT, AnswerFormat.VTT}
        return subtitles or (self.words and self.format is AnswerFormat.VERBOSE_JSON)


def read_fields(given: Mapping[str, Sequence[str]]) -> TranscriptionFields:
    """Read the fields of a form: the values by name, without brackets. Unknown fields are ignored.

    Raises:
        InvalidField: a value is not allowed.
    """
    values = _without_blanks(given)
    found = TranscriptionFields(
        model=_last(values, "model"),
        language=_language(_last(values, "language")),
        languages=_languages(values.get("languages", ())),
        prompt=_last(values, "prompt"),
        keywords=tuple(values.get("keywords", ())),
        format=_format(_last(values, "response_format")),
        words=_words(values.get("timestamp_granularities", ())),
        stream=_flag("stream", values, default=False),
        household_names=_flag("household_names", values, default=True),
    )
    _check_temperature(_last(values, "temperature"))
    if found.stream and found.format not in STREAMED_FORMATS:
        raise InvalidField(
            f"stream is not supported with response_format {found.format.value};"
            f" use {' or '.join(STREAMED_FORMATS)}.",
            param="stream",
            code="unsupported_value",
        )
    return found


def read_json_fields(body: Mapping[str, Any]) -> tuple[TranscriptionFields, bytes | None]:
    """Read a JSON body: the same fields, and the file as base64 in `input_audio.data`.

    Raises:
        InvalidField: a value is not allowed, or the file is not base64.
    """
    given = {name.removesuffix("[]"): tuple(_texts(value)) for name, value in body.items()}
    return read_fields(given), _audio(body.get("input_audio"))


def _without_blanks(given: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    stripped = {name: [value.strip() for value in values] for name, values in given.items()}
    filled = {name: [value for value in values if value] for name, values in stripped.items()}
    return {name: values for name, values in filled.items() if values}


def _texts(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, bool):
            yield str(one).lower()
        elif isinstance(one, str | int | float):
            yield str(one)


def _audio(given: Any) -> bytes | None:
    data = given.get("data") if isinstance(given, dict) else None
    if not isinstance(data, str):
        return None
    try:
        # Without base64.b64decode, which copies the text first.
        return binascii.a2b_base64(data, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidField("input_audio.data is not valid base64.", param="input_audio") from error


def _last(values: Mapping[str, Sequence[str]], name: str) -> str | None:
    return values[name][-1] if name in values else None


def _language(text: str | None) -> str | None:
    return None if text is None else language_tag(text)


def _languages(names: Sequence[str]) -> tuple[str, ...]:
    if len(names) > MAX_CANDIDATES:
        raise InvalidField(
            f"languages has {len(names)} entries; send at most {MAX_CANDIDATES}.", param="languages"
        )
    return tuple(map(language_tag, names))


def _format(text: str | None) -> AnswerFormat:
    if text is None:
        return AnswerFormat.JSON
    if text == _DIARIZED:
        raise InvalidField(
            "response_format diarized_json is not supported: this server does not tell speakers"
            " apart. Use verbose_json.",
            param="response_format",
            code="unsupported_value",
        )
    try:
        return AnswerFormat(text)
    except ValueError:
        raise _refusal("response_format", text, list(AnswerFormat)) from None


def _words(granularities: Sequence[str]) -> bool:
    for one in granularities:
        if one not in {_WORD, _SEGMENT}:
            raise _refusal("timestamp_granularities", one, [_SEGMENT, _WORD])
    return _WORD in granularities


def _flag(name: str, values: Mapping[str, Sequence[str]], *, default: bool) -> bool:
    text = _last(values, name)
    if text is None:
        return default
    if text.lower() in _FALSE:
        return False
    if text.lower() in _TRUE:
        return True
    raise _refusal(name, text, ["true", "false"])


def _check_temperature(text: str | None) -> None:
    """Accept a temperature, which is not used: the server chooses it by how sure the text is."""
    try:
        accepted = text is None or 0 <= float(text) <= MAX_TEMPERATURE
    except ValueError:
        accepted = False
    if not accepted:
        raise InvalidField(
            f"temperature {text!r:.{MAX_SHOWN}} is not a number from 0 to 1.", param="temperature"
        )


def _refusal(name: str, value: str, allowed: Sequence[str]) -> InvalidField:
    return InvalidField(
        f"{name} {value!r:.{MAX_SHOWN}} is not supported; use {', '.join(allowed)}.", param=name
    )
