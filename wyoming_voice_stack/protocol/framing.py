"""Converts bytes to Wyoming events and back, without I/O. Every length has a limit.

An event on the wire is one line of JSON, then `data_length` bytes of JSON, then
`payload_length` bytes of audio. The data block is merged over data in the header.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from wyoming.event import Event
from wyoming.version import __version__ as wyoming_version

from wyoming_voice_stack.errors import MalformedEvent, TooLarge

_SURROGATE_ESCAPE = b"\\u"
MAX_SURROGATE_LEVELS = 300
"""Nesting of JSON in which lone surrogates are replaced; deeper events are malformed."""


VALUE_BYTES = 96
"""Memory that one JSON value takes beside its characters: an object, and its place in a list or a dict."""

MAX_REPEATED_BYTES = 256
"""Longest header line or data block that is not read again if the next one is the same, as those of audio chunks are."""

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')


@dataclass(frozen=True)
class DataLimits:
    """Limits of the data of an event: its bytes on the wire, and the number of JSON values in it."""

    length: int
    values: int


@dataclass(frozen=True)
class FrameLimits:
    """Limits for the three parts of an event."""

    header_bytes: int = 64 * 1024
    data: DataLimits = DataLimits(1024 * 1024, 100_000)
    """Limits of the data of all types that `data_by_type` does not name."""
    payload_bytes: int = 1024 * 1024
    data_by_type: Mapping[str, DataLimits] = field(default_factory=lambda: MappingProxyType({}))
    """Limits of the data of some types of events."""
    skip_other_types: bool = False
    """Whether to discard the data and payload of types that `data_by_type` does not name."""

    def data_of(self, event_type: str) -> DataLimits:
        """Return the limits of the data of this type of event."""
        return self.data_by_type.get(event_type, self.data)

    def skips(self, event_type: str) -> bool:
        """Return whether the contents of this type of event are discarded."""
        return self.skip_other_types and event_type not in self.data_by_type


@dataclass(frozen=True)
class _Data:
    fields: dict[str, Any]
    values: int


@dataclass(frozen=True)
class _Header:
    type: str
    data: dict[str, Any]
    values: int
    own_length: int
    data_length: int
    payload_length: int


class EventParser:
    """Takes bytes as they arrive and returns whole events.

    It holds at most one incomplete event and the bytes of one `feed`; of a type that the limits skip,
    it holds nothing. After an error it cannot be used any more: where the next event begins is unknown.
    """

    def __init__(self, limits: FrameLimits) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._searched = 0
        self._header: _Header | None = None
        self._last_line = b""
        self._last_header: _Header | None = None
        self._last_block = b""
        self._last_data: _Data | None = None
        self._to_skip = 0
        self.last_event_bytes = 0
        """Length on the wire of the last event that `next_event` returned."""
        self.last_event_memory = 0
        """Estimate of the bytes of memory that this event occupies."""

    @property
    def in_event(self) -> bool:
        """True while an event is incomplete."""
        return bool(self._buffer) or self._header is not None

    def feed(self, data: bytes) -> None:
        """Add bytes from the other side."""
        self._buffer += data

    def next_event(self) -> Event | None:
        """Return the next whole event, or None until more bytes are fed.

        Raises:
            MalformedEvent: the bytes are not an event.
            TooLarge: a part has, or announces, more bytes than its limit.
        """
        if self._header is None:
            self._header = self._take_header()
        if self._header is None:
            return None
        header = self._header
        if self._limits.skips(header.type):
            return self._skip(header)
        if len(self._buffer) < header.data_length + header.payload_length:
            return None
        self._header = None
        self.last_event_bytes = header.own_length + header.data_length + header.payload_length
        data, values = dict(header.data), header.values
        if header.data_length:
            block = self._take_data(header)
            data |= block.fields
            values += block.values
        self.last_event_memory = self.last_event_bytes + VALUE_BYTES * values
        payload = self._take(header.payload_length) if header.payload_length else None
        return Event(type=header.type, data=data, payload=payload)

    def _skip(self, header: _Header) -> Event | None:
        skipped = min(self._to_skip, len(self._buffer))
        del self._buffer[:skipped]
        self._to_skip -= skipped
        if self._to_skip:
            return None
        self._header = None
        self.last_event_bytes = header.own_length + header.data_length + header.payload_length
        self.last_event_memory = VALUE_BYTES
        return Event(type=header.type)

    def end(self) -> None:
        """Note that no more bytes will arrive.

        Raises:
            MalformedEvent: an event is incomplete.
        """
        if self.in_event:
            raise MalformedEvent("The connection ended in the middle of an event.")

    def _take(self, length: int) -> bytes:
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken

    def _take_header(self) -> _Header | None:
        limit = self._limits.header_bytes
        end = self._buffer.find(b"\n", self._searched, limit + 1)
        if end < 0:
            if len(self._buffer) > limit:
                raise TooLarge(f"The event's header line is longer than {limit} bytes.")
            self._searched = len(self._buffer)
            return None
        self._searched = 0
        line = self._take(end + 1)
        header = self._last_header
        if header is None or line != self._last_line:
            header = self._read_header(line)
            if _may_repeat(line, header.data):
                self._last_line, self._last_header = line, header
        self._to_skip = header.data_length + header.payload_length
        return header

    def _read_header(self, line: bytes) -> _Header:
        fields = _json_object(line, "header")
        event_type = fields.get("type")
        if not isinstance(event_type, str) or not event_type:
            raise MalformedEvent("The event's header needs a non-empty string in its field 'type'.")
        data = fields.get("data")
        if data is not None and not isinstance(data, dict):
            raise MalformedEvent(f"The data of the event {event_type!r:.80} is not a JSON object.")
        limits = self._limits.data_of(event_type)
        return _Header(
            type=event_type,
            data=data or {},
            values=_count_values(line, event_type, limits.values),
            own_length=len(line),
            data_length=_length(fields, "data_length", limits.length),
            payload_length=_length(fields, "payload_length", self._limits.payload_bytes),
        )

    def _take_data(self, header: _Header) -> _Data:
        block = self._take(header.data_length)
        # The limit of values depends on the type of event; so few bytes reach none.
        data = self._last_data
        if data is None or block != self._last_block:
            limit = self._limits.data_of(header.type).values
            values = _count_values(block, header.type, limit)
            data = _Data(_json_object(block, "data block"), values)
            if _may_repeat(block, data.fields):
                self._last_block, self._last_data = block, data
        return data


def encode(event: Event) -> bytes:
    """Convert an event to bytes as the wyoming library does: with the data in a block of its own."""
    header: dict[str, Any] = {"type": event.type, "version": wyoming_version}
    data = b""
    if event.data:
        data = json.dumps(event.data, ensure_ascii=False).encode("utf-8", "replace")
        header["data_length"] = len(data)
    payload = event.payload or b""
    if payload:
        header["payload_length"] = len(payload)
    return json.dumps(header).encode("utf-8") + b"\n" + data + payload


def _may_repeat(raw: bytes, data: dict[str, Any]) -> bool:
    # What is nested would be shared by the events.
    flat = not any(isinstance(value, list | dict) for value in data.values())
    return flat and len(raw) <= MAX_REPEATED_BYTES


def _length(fields: dict[str, Any], name: str, limit: int) -> int:
    length = fields.get(name)
    if length is None:
        return 0
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        raise MalformedEvent(f"The event's {name} is not a non-negative whole number.")
    if length > limit:
        raise TooLarge(f"The event's {name} is {length} bytes; the limit is {limit}.")
    return length


def _count_values(raw: bytes, event_type: str, limit: int) -> int:
    """Return the most JSON values that `raw` can contain.

    Raises:
        TooLarge: there are more than `limit`.
    """
    count = _separators(raw)
    if count > limit:
        # Commas and brackets inside strings are no values; looking for strings takes longer.
        count = _separators(_STRING.sub(b"", raw))
    if count > limit:
        raise TooLarge(f"The data of the event {event_type!r:.80} has more than {limit} values.")
    return count


def _separators(raw: bytes) -> int:
    return 1 + raw.count(b",") + raw.count(b"[") + raw.count(b"{")


def _json_object(raw: bytes, part: str) -> dict[str, Any]:
    try:
        value = json.loads(raw)
        if _SURROGATE_ESCAPE in raw:
            value = without_lone_surrogates(value)
    except (ValueError, RecursionError) as error:
        raise MalformedEvent(f"The event's {part} is not valid JSON.") from error
    if not isinstance(value, dict):
        raise MalformedEvent(f"The event's {part} is not a JSON object.")
    return value


def without_lone_surrogates(value: Any, levels: int = MAX_SURROGATE_LEVELS) -> Any:
    """Replace halves of surrogate pairs in a JSON value: neither engines nor UTF-8 encoders accept them.

    Raises:
        ValueError: the value is nested deeper than `levels`.
    """
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if levels == 0 and isinstance(value, (list, dict)):
        raise ValueError("nested too deeply")
    if isinstance(value, list):
        return [without_lone_surrogates(item, levels - 1) for item in value]
    if isinstance(value, dict):
        return {
            without_lone_surrogates(key): without_lone_surrogates(item, levels - 1)
            for key, item in value.items()
        }
    return value
