"""Says utterances to a Wyoming server as Home Assistant does, and takes the time.

One connection an utterance: `transcribe`, `audio-start`, chunks of 10 ms, `audio-stop`; replies are
read all the while, and a transcript that comes before the end ends the utterance.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from wyoming.asr import Transcribe, Transcript, TranscriptChunk
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.audio import to_pcm16
from wyoming_voice_stack.errors import ProtocolError
from wyoming_voice_stack.protocol.framing import EventParser, FrameLimits, encode

CHUNK_BYTES = 320
CHUNK_S = 0.01
PATIENCE_S = 180.0
"""How long an answer may take after `audio-stop`."""
CONNECT_S = 10.0
CLOSE_S = 2.0
HEAD_START_S = 0.05
"""Time in which all connections of a round are made, before the first of them speaks."""
READ_BYTES = 64 * 1024

_FORM = (SAMPLE_RATE, 2, 1)


@dataclass(frozen=True)
class Script:
    """One request, encoded beforehand, so that sending it costs next to nothing."""

    name: str
    seconds: float
    opening: bytes
    chunks: tuple[bytes, ...]
    closing: bytes


@dataclass(frozen=True)
class Answer:
    """What a server made of one utterance."""

    name: str
    seconds: float
    """Length of the audio."""
    text: str = ""
    waited_s: float = float("inf")
    """From `audio-stop` to the transcript; 0 if it came earlier, infinite if it never came."""
    failure: str = ""
    """Why there is no transcript; empty if there is one."""
    pieces: tuple[str, ...] = ()
    """Texts of the `transcript-chunk` events."""
    late_s: tuple[float, ...] = field(default=(), repr=False)
    """How much after its time each chunk was sent: the fault of the benchmark, not the server."""


@dataclass(frozen=True)
class _Reply:
    text: str
    failure: str
    pieces: tuple[str, ...]
    read_at: float


class _Failed(Exception):
    """There will be no transcript."""


def script(name: str, samples: Samples, language: str | None) -> Script:
    """Encode the request for float32 mono samples at 16 kHz."""
    pcm = to_pcm16(samples)
    pieces = (pcm[start : start + CHUNK_BYTES] for start in range(0, len(pcm), CHUNK_BYTES))
    opening = (Transcribe(language=language).event(), AudioStart(*_FORM).event())
    return Script(
        name,
        len(samples) / SAMPLE_RATE,
        b"".join(map(encode, opening)),
        tuple(encode(AudioChunk(*_FORM, piece).event()) for piece in pieces),
        encode(AudioStop().event()),
    )


async def play_together(
    host: str, port: int, scripts: Sequence[Script], *, real_time: bool
) -> list[Answer]:
    """Say all of them at the same time, and wait until each is answered or has failed."""
    begin = time.monotonic() + HEAD_START_S
    playing = (play(host, port, one, begin, real_time=real_time) for one in scripts)
    return await asyncio.gather(*playing)


async def play(host: str, port: int, one: Script, begin: float, *, real_time: bool) -> Answer:
    """Say one utterance; `begin` is when, by the monotonic clock."""
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        return Answer(one.name, one.seconds, failure=f"not connected: {error or 'no answer'}")
    try:
        await asyncio.sleep(begin - time.monotonic())
        return await _converse(reader, writer, one, real_time=real_time)
    finally:
        await _close(writer)


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, one: Script, *, real_time: bool
) -> Answer:
    reading = asyncio.create_task(_read(reader))
    late_s: list[float] = []
    try:
        async with asyncio.timeout(PATIENCE_S + one.seconds):
            stopped_at = await _send(writer, one, reading, late_s if real_time else None)
            reply = await reading
    except TimeoutError:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        reply = _Reply("", "no answer in time", (), 0.0)
        stopped_at = 0.0
    waited_s = float("inf") if reply.failure else max(0.0, reply.read_at - stopped_at)
    return Answer(
        *(one.name, one.seconds, reply.text, waited_s, reply.failure, reply.pieces),
        late_s=tuple(late_s),
    )


async def _send(
    writer: asyncio.StreamWriter,
    one: Script,
    reading: asyncio.Task[_Reply],
    late_s: list[float] | None,
) -> float:
    """Send until all is sent or answered; gives the time of `audio-stop`, infinite if unsent.

    With a list for the lateness, each chunk goes out when a microphone would have recorded it.
    """
    try:
        writer.write(one.opening)
        if late_s is None:
            writer.write(b"".join(one.chunks))
            await writer.drain()
        else:
            await _send_in_real_time(writer, one.chunks, reading, late_s)
        if reading.done():
            return float("inf")
        writer.write(one.closing)
        stopped_at = time.monotonic()
        await writer.drain()
    except OSError:
        # The server has closed; what it said before that is still to be read.
        return float("inf")
    return stopped_at


async def _send_in_real_time(
    writer: asyncio.StreamWriter,
    chunks: Sequence[bytes],
    reading: asyncio.Task[_Reply],
    late_s: list[float],
) -> None:
    """Send by a schedule that is fixed at the beginning, so that no delay adds to the next."""
    begin = time.monotonic()
    for number, chunk in enumerate(chunks, start=1):
        due = begin + number * CHUNK_S
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if reading.done():
            return
        writer.write(chunk)
        late_s.append(time.monotonic() - due)
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> _Reply:
    """Read up to the transcript, or to what shows that none will come."""
    parser = EventParser(FrameLimits())
    pieces: list[str] = []
    text, failure = "", ""
    try:
        text = await _transcript(reader, parser, pieces)
    except (OSError, ProtocolError, _Failed) as error:
        failure = str(error) or type(error).__name__
    return _Reply(text, failure, tuple(pieces), time.monotonic())


async def _transcript(reader: asyncio.StreamReader, parser: EventParser, pieces: list[str]) -> str:
    while True:
        event = await _next_event(reader, parser)
        if Transcript.is_type(event.type):
            return str(event.data.get("text", ""))
        if TranscriptChunk.is_type(event.type):
            pieces.append(str(event.data.get("text", "")))
        elif event.type == "error":
            raise _Failed(f"error {event.data.get('code')}: {event.data.get('text')}")


async def _next_event(reader: asyncio.StreamReader, parser: EventParser) -> Event:
    while (event := parser.next_event()) is None:
        data = await reader.read(READ_BYTES)
        if not data:
            raise _Failed("the connection was closed")
        parser.feed(data)
    return event


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        async with asyncio.timeout(CLOSE_S):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()
