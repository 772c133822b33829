"""Converts bytes to Wyoming events and back, without I/O. Every length has a limit.

An event on the wire is one line of JSON, then `data_length` bytes of JSON, then
`payload_length` bytes of audio. The data block is merged over data in the header.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from wyoming.event import Event
from wyoming.version import __version__ as wyoming_version

from wyoming_voice_stack.errors import MalformedEvent, TooLarge

_SURROGATE_ESCAPE = b"\\u"
MAX_SURROGATE_LEVELS = 300
"""Nesting of JSON in which lone surrogates are replaced; deeper events are malformed."""


@dataclass(frozen=True)
class FrameLimits:
    """Limits in bytes for the three parts of an event."""

    header_bytes: int = 64 * 1024
    data_bytes: int = 1024 * 1024
    payload_bytes: int = 1024 * 1024


@dataclass(frozen=True)
class _Header:
    type: str
    data: dict[str, Any]
    own_length: int
    data_length: int
    payload_length: int


class EventParser:
    """Takes bytes as they arrive and returns whole events.

    It holds at most one incomplete event and the bytes of one `feed`. After an error it cannot be
    used any more: where the next event begins is unknown.
    """

    def __init__(self, limits: FrameLimits) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._searched = 0
        self._header: _Header | None = None
        self.last_event_bytes = 0
        """Length on the wire of the last event that `next_event` returned."""

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
        if len(self._buffer) < header.data_length + header.payload_length:
            return None
        self._header = None
        self.last_event_bytes = header.own_length + header.data_length + header.payload_length
        data = header.data
        if header.data_length:
            data = data | _json_object(self._take(header.data_length), "data block")
        payload = self._take(header.payload_length) if header.payload_length else None
        return Event(type=header.type, data=data, payload=payload)

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
        return self._read_header(self._take(end + 1))

    def _read_header(self, line: bytes) -> _Header:
        fields = _json_object(line, "header")
        event_type = fields.get("type")
        if not isinstance(event_type, str) or not event_type:
            raise MalformedEvent("The event's header needs a non-empty string in its field 'type'.")
        data = fields.get("data")
        if data is not None and not isinstance(data, dict):
            raise MalformedEvent(f"The data of the event {event_type!r:.80} is not a JSON object.")
        return _Header(
            type=event_type,
            data=data or {},
            own_length=len(line),
            data_length=_length(fields, "data_length", self._limits.data_bytes),
            payload_length=_length(fields, "payload_length", self._limits.payload_bytes),
        )


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


def _length(fields: dict[str, Any], name: str, limit: int) -> int:
    length = fields.get(name)
    if length is None:
        return 0
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        raise MalformedEvent(f"The event's {name} is not a non-negative whole number.")
    if length > limit:
        raise TooLarge(f"The event's {name} is {length} bytes; the limit is {limit}.")
    return length


def _json_object(raw: bytes, part: str) -> dict[str, Any]:
    try:
        value = json.loads(raw)
        if _SURROGATE_ESCAPE in raw:
            value = _without_lone_surrogates(value)
    except (ValueError, RecursionError) as error:
        raise MalformedEvent(f"The event's {part} is not valid JSON.") from error
    if not isinstance(value, dict):
        raise MalformedEvent(f"The event's {part} is not a JSON object.")
    return value


def _without_lone_surrogates(value: Any, levels: int = MAX_SURROGATE_LEVELS) -> Any:
    # JSON may contain half of a surrogate pair, which neither engines nor UTF-8 encoders accept.
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if levels == 0 and isinstance(value, (list, dict)):
        raise ValueError("nested too deeply")
    if isinstance(value, list):
        return [_without_lone_surrogates(item, levels - 1) for item in value]
    if isinstance(value, dict):
        return {
            _without_lone_surrogates(key): _without_lone_surrogates(item, levels - 1)
            for key, item in value.items()
        }
    return value
