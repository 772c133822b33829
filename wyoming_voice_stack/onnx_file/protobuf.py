"""Reading and writing the wire format of Protocol Buffers without copying field contents.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

VARINT = 0
FIXED_64 = 1
BYTES = 2
FIXED_32 = 5

_FIXED_LENGTHS = {FIXED_64: 8, FIXED_32: 4}
_MAX_VARINT_BITS = 64


class Field(NamedTuple):
    """A field of a message."""

    number: int
    wire_type: int
    integer: int
    """The value, if the wire type is `VARINT`."""
    content: memoryview
    """The value, for all other wire types."""
    raw: memoryview
    """The whole field as encoded, including its key."""


def fields(message: memoryview) -> Iterator[Field]:
    """Yield a message's fields in order, without those of nested messages.

    Raises:
        ValueError: the message is damaged.
    """
    at, end = 0, len(message)
    while at < end:
        start = at
        key, at = _varint(message, at)
        wire_type, integer, length = key & 7, 0, 0
        if wire_type == VARINT:
            integer, at = _varint(message, at)
        elif wire_type == BYTES:
            length, at = _varint(message, at)
        elif wire_type in _FIXED_LENGTHS:
            length = _FIXED_LENGTHS[wire_type]
        else:
            raise ValueError(f"unknown wire type: {wire_type}")
        if at + length > end:
            raise ValueError("a field is longer than its message")
        content = message[at : at + length]
        at += length
        yield Field(key >> 3, wire_type, integer, content, message[start:at])


def integers(field: Field) -> Iterator[int]:
    """Values of a repeated signed integer field, packed or not."""
    if field.wire_type == VARINT:
        yield _signed(field.integer)
        return
    at = 0
    while at < len(field.content):
        value, at = _varint(field.content, at)
        yield _signed(value)


def text(content: memoryview) -> str:
    """The value of a string field."""
    return str(content, "utf-8")


def key_and_length(number: int, length: int) -> bytes:
    """Encode what precedes a message, string or bytes of this length."""
    return _encoded(number << 3 | BYTES) + _encoded(length)


def bytes_field(number: int, content: bytes) -> bytes:
    """Encode a message, string or bytes."""
    return key_and_length(number, len(content)) + content


def integer_field(number: int, value: int) -> bytes:
    """Encode a non-negative integer or enum."""
    return _encoded(number << 3 | VARINT) + _encoded(value)


def float_field(number: int, value: float) -> bytes:
    """Encode a float of 32 bits."""
    return _encoded(number << 3 | FIXED_32) + struct.pack("<f", value)


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < _MAX_VARINT_BITS:
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the continuation bit
            return value, at
        shift += 7
    raise ValueError("a varint does not end")


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _encoded(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:  # noqa: PLR2004
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
