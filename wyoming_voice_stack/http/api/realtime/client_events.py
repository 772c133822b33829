"""Events that a client sends on the WebSocket: JSON objects with a `type`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wyoming_voice_stack.http.api.api_errors import InvalidField
from wyoming_voice_stack.http.api.requests import json_object

MAX_TYPE_CHARACTERS = 100
MAX_ID_CHARACTERS = 200
"""Longer ids are not repeated in answers."""
MAX_NAME_CHARACTERS = 200
"""Longest name of a model, voice or language, and longest keyword."""
MAX_LABELS = 16
MAX_LABEL_CHARACTERS = 64
MAX_LABEL_VALUE = 512
"""Limits of `metadata`, as OpenAI has them."""

MAX_EVENT_VALUES = 20_000
"""Commas and brackets of an event, also those in texts; audio in base64 has none. Memory of a JSON value is
many times that of its characters."""


@dataclass(frozen=True)
class Fields:
    """A JSON object from a client. Absent fields and those that are null read as None."""

    values: Mapping[str, Any] = field(default_factory=dict)
    path: str = ""
    """Where the object is in its event, for messages."""

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def param(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{name}" if self.path else name

    def inner(self, name: str) -> Fields:
        """Return an object inside this one; one without fields if it is absent."""
        return Fields(self._read(name, dict, "an object") or {}, self.param(name))

    def text(self, name: str, *, limit: int) -> str | None:
        """Return a string; a blank one reads as absent."""
        value: str | None = self._read(name, str, "a string")
        if value is not None and len(value) > limit:
            raise InvalidField(
                f"{self.param(name)} is longer than {limit} characters.", param=self.param(name)
            )
        return (value.strip() or None) if value is not None else None

    def name(self, name: str) -> str | None:
        """Return the name of something."""
        return self.text(name, limit=MAX_NAME_CHARACTERS)

    def names(self, name: str, *, limit: int) -> tuple[str, ...]:
        """Return a list of names, without blank ones."""
        values: list[Any] = self._read(name, list, "a list of strings") or []
        short = all(
            isinstance(value, str) and len(value) <= MAX_NAME_CHARACTERS for value in values
        )
        if not short or len(values) > limit:
            raise InvalidField(
                f"{self.param(name)} must be a list of at most {limit} strings of at most"
                f" {MAX_NAME_CHARACTERS} characters.",
                param=self.param(name),
            )
        return tuple(value.strip() for value in values if value.strip())

    def number(self, name: str, *, low: float, high: float) -> float | None:
        """Return a number in a range."""
        value = self.values.get(name)
        if value is None:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not low <= value <= high:
            raise InvalidField(
                f"{self.param(name)} must be a number from {low:g} to {high:g}.",
                param=self.param(name),
            )
        return float(value)

    def objects(self, name: str, *, limit: int) -> list[Fields] | None:
        """Return a list of objects."""
        values: list[Any] | None = self._read(name, list, "a list of objects")
        if values is None:
            return None
        if len(values) > limit or not all(isinstance(value, dict) for value in values):
            raise InvalidField(
                f"{self.param(name)} must be a list of at most {limit} objects.",
                param=self.param(name),
            )
        return [
            Fields(value, f"{self.param(name)}[{number}]") for number, value in enumerate(values)
        ]

    def labels(self, name: str) -> dict[str, str]:
        """Return an object of strings, which the server only repeats."""
        values: dict[str, Any] = self._read(name, dict, "an object of strings") or {}
        short = all(
            len(label) <= MAX_LABEL_CHARACTERS
            and isinstance(value, str)
            and len(value) <= MAX_LABEL_VALUE
            for label, value in values.items()
        )
        if not short or len(values) > MAX_LABELS:
            raise InvalidField(
                f"{self.param(name)} must be an object of at most {MAX_LABELS} short strings.",
                param=self.param(name),
            )
        return values

    def _read(self, name: str, kind: type, wanted: str) -> Any:
        value = self.values.get(name)
        if value is not None and not isinstance(value, kind):
            raise InvalidField(f"{self.param(name)} must be {wanted}.", param=self.param(name))
        return value


@dataclass(frozen=True)
class ClientEvent:
    """One event of a client."""

    type: str
    fields: Fields
    event_id: str | None = None
    """As the client numbers its events, for errors; None if it does not."""


def parse_event(message: str) -> ClientEvent:
    """Parse one text frame.

    Raises:
        InvalidField: it is not a JSON object with a `type`, or has too many values.
    """
    if sum(map(message.count, ",[{")) > MAX_EVENT_VALUES:
        raise InvalidField(
            f"The event has more than {MAX_EVENT_VALUES} values; send fewer.", code="invalid_json"
        )
    values = json_object(message, "The event")
    kind = values.get("type")
    if not isinstance(kind, str) or not 0 < len(kind) <= MAX_TYPE_CHARACTERS:
        raise InvalidField("The event has no 'type'.", param="type")
    event_id = values.get("event_id")
    known = isinstance(event_id, str) and len(event_id) <= MAX_ID_CHARACTERS
    return ClientEvent(kind, Fields(values), event_id if known else None)


def decode_audio(fields: Fields) -> bytes:
    """Return the PCM bytes of an `input_audio_buffer.append` event.

    Raises:
        InvalidField: the field `audio` is absent or not base64.
    """
    encoded = fields.values.get("audio")
    if not isinstance(encoded, str):
        raise InvalidField("audio must be a string of base64.", param="audio")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidField("audio is not valid base64.", param="audio") from error
