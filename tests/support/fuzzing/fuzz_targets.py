"""Functions that take any bytes and fail only if the code under test does what it must not."""

from __future__ import annotations

import json

from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event, Eventable
from wyoming.info import SelectProgram
from wyoming.ping import Ping
from wyoming.tts import Synthesize, SynthesizeChunk, SynthesizeStart, SynthesizeStop

from wyoming_voice_stack.errors import MalformedEvent, ProtocolError, TooLarge
from wyoming_voice_stack.protocol.event_limits import SERVER_FRAMES
from wyoming_voice_stack.protocol.event_validation import read
from wyoming_voice_stack.protocol.framing import EventParser, encode

KINDS: tuple[type[Eventable], ...] = (
    *(Transcribe, AudioStart, AudioChunk, AudioStop, Ping, SelectProgram),
    *(Synthesize, SynthesizeStart, SynthesizeChunk, SynthesizeStop),
)
MOST_MEMORY = 100
"""Bytes of memory that the parser may count for one byte on the wire: a JSON value, or an empty event."""


def parsed(data: bytes, cut: int) -> tuple[list[Event], str]:
    """All events of some bytes that arrive in pieces of `cut` bytes, and the error that ended them."""
    parser = EventParser(SERVER_FRAMES)
    events: list[Event] = []
    try:
        for start in range(0, len(data), cut):
            parser.feed(data[start : start + cut])
            while (event := parser.next_event()) is not None:
                assert event.type
                assert parser.last_event_memory <= MOST_MEMORY * (parser.last_event_bytes + 1)
                events.append(event)
        parser.end()
    except ProtocolError as error:
        return events, error.code
    return events, ""


def framing(data: bytes) -> None:
    """Bytes give the same events however they are cut, and what is read can be written."""
    whole = parsed(data, max(1, len(data)))
    pieces = parsed(data, 1 + (data[0] if data else 0))
    assert whole == pieces
    for event in whole[0]:
        encode(event)


def vocabulary(data: bytes) -> None:
    """Any JSON object as the data of an event is read, or refused as malformed or too large."""
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(fields, dict):
        return
    for kind in KINDS:
        extra = {"audio": b"\0\0"} if kind is AudioChunk else {}
        try:
            read(kind, Event("any", fields), **extra)
        except (MalformedEvent, TooLarge):
            continue
