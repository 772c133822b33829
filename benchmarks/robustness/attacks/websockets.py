"""WebSockets of the realtime endpoint: floods, frames that break the protocol, and answers that are not read."""

from __future__ import annotations

import asyncio
import base64
import json
import struct
import zlib
from contextlib import suppress
from itertools import cycle

from benchmarks.robustness.attack import Attack, AttackRun, Link
from benchmarks.robustness.requests import LONG_TEXT, short_request

SOCKETS = 16
CROWD = 40
HOLDERS = 200
HELD_BYTES = 900_000
HANDSHAKE = (
    "GET /v1/realtime?intent={intent} HTTP/1.1",
    "Host: localhost",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Extensions: permessage-deflate",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)
INTENTS = {"asr": "transcription", "tts": "realtime"}
SMALLEST_BUFFER = 4096
ANSWER_S = 0.1
"""How long a client waits for the end of the connection that its frame should cause."""
APPEND_BYTES = 256 * 1024

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9
FINAL, COMPRESSED = 0x80, 0x40
MASKED = 0x80
SHORT, LONG, LONGEST = 125, 126, 127
NO_MASK = bytes(4)
"""A mask of zeros changes nothing."""


def frame(opcode: int, payload: bytes, *, flags: int = FINAL) -> bytes:
    """A frame as clients send it, with a mask of zeros."""
    length = len(payload)
    if length <= SHORT:
        head = struct.pack("!BB", flags | opcode, MASKED | length)
    elif length < 1 << 16:
        head = struct.pack("!BBH", flags | opcode, MASKED | LONG, length)
    else:
        head = struct.pack("!BBQ", flags | opcode, MASKED | LONGEST, length)
    return head + NO_MASK + payload


def bomb() -> bytes:
    """A compressed text of 16 MB, in 16 KB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(b" " * 16_000_000) + packer.flush()


def announced(length: int) -> bytes:
    """The head of a frame with this length, and the first of its bytes."""
    return struct.pack("!BBQ", FINAL | TEXT, MASKED | LONGEST, length) + NO_MASK + bytes(60_000)


def event(kind: str, **fields: object) -> bytes:
    """An event of the realtime endpoint, as a frame."""
    return frame(TEXT, json.dumps({"type": kind, **fields}).encode())


PINGS = frame(PING, b"") * 10_000
FRAGMENTS = frame(TEXT, b" ", flags=0) + frame(0, b" ", flags=0) * 9_999 + frame(0, b"{}")
"""A text of ten thousand characters, in frames of one."""
BROKEN = (
    announced((1 << 63) - 1),
    announced((1 << 64) - 1),
    frame(TEXT, b'{"type": "\xff\xfe\xed\xa0\x80"}'),
    frame(TEXT, bomb(), flags=FINAL | COMPRESSED),
    frame(PING, bytes(60_000)),
    frame(PING, b"", flags=0),
    frame(CLOSE, b"\x00"),
    frame(CLOSE, b"\xff\xff\xff"),
    frame(3, b"a"),
    frame(0, b"a"),
    struct.pack("!BB", FINAL | TEXT, 2) + b"{}",
    frame(TEXT, b"[" * 200_000),
    frame(BINARY, bytes(200_000)),
)
"""Impossible lengths, invalid UTF-8, compression that was not agreed upon, control frames that are too
long or divided, unknown kinds, a frame without its mask, deep JSON and bytes."""


async def shake_hands(run: AttackRun, link: Link) -> None:
    """Open the WebSocket, and count the statuses and the extensions that the server agrees to."""
    lines = "\r\n".join(HANDSHAKE) + "\r\n\r\n"
    await link.send(lines.format(intent=INTENTS[run.service]).encode())
    words = (await link.reader.readline()).split()
    run.counts[words[1].decode() if len(words) > 1 else "no answer"] += 1
    while (line := await link.reader.readline()).strip():
        if line.lower().startswith(b"sec-websocket-extensions"):
            run.counts["compressed"] += 1


async def send_forever(link: Link, data: bytes) -> None:
    """Send the same bytes again and again, and read all answers, until the server ends the connection."""
    reading = asyncio.create_task(link.drain_replies())
    try:
        while not reading.done():
            await link.send(data)
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def ping_sockets(run: AttackRun) -> None:
    """Send empty pings without pause."""
    await _flood(run, SOCKETS, PINGS)


async def send_fragments(run: AttackRun) -> None:
    """Send texts in fragments of one byte."""
    await _flood(run, SOCKETS, FRAGMENTS)


async def send_endless_fragments(run: AttackRun) -> None:
    """Send a text in empty fragments, which never ends."""
    await _flood(run, SOCKETS, frame(0, b"", flags=0) * 10_000, begin=frame(TEXT, b"", flags=0))


async def hold_incomplete_events(run: AttackRun) -> None:
    """Send most of a large event on each socket, and then nothing."""

    async def hold(link: Link) -> None:
        await shake_hands(run, link)
        await link.send(frame(TEXT, b" " * HELD_BYTES, flags=0))
        await link.drain_replies()
        run.counts["ended by the server"] += 1

    await run.on_connections(HOLDERS, hold)


async def append_forever(run: AttackRun) -> None:
    """Send speech as fast as the server takes it, and never commit it."""
    await _flood(run, CROWD, _appended(), begin=_no_turns())


async def commit_unread(run: AttackRun) -> None:
    """Send speech and commit it, again and again, and read no answer."""
    await _leave_unread(run, _appended() + event("input_audio_buffer.commit"))


async def respond_unread(run: AttackRun) -> None:
    """Have a long text spoken again and again, and read no answer."""
    content = [{"type": "input_text", "text": LONG_TEXT}]
    given = [{"type": "message", "role": "user", "content": content}]
    await _leave_unread(run, event("response.create", response={"input": given}))


async def send_broken_frames(run: AttackRun) -> None:
    """Send one broken frame on each connection."""
    frames = cycle(BROKEN)

    async def send(link: Link) -> None:
        await shake_hands(run, link)
        await link.send(next(frames))
        run.counts["sent"] += 1
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S):
                await link.drain_replies()
                run.counts["ended by the server"] += 1

    await run.on_connections(SOCKETS, send)


async def _flood(run: AttackRun, sockets: int, data: bytes, *, begin: bytes = b"") -> None:
    async def flood(link: Link) -> None:
        await shake_hands(run, link)
        await link.send(begin)
        await send_forever(link, data)

    await run.on_connections(sockets, flood)


async def _leave_unread(run: AttackRun, data: bytes) -> None:
    async def ask(link: Link) -> None:
        await shake_hands(run, link)
        link.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await link.send(_no_turns())
        while run.seconds_left:
            await link.send(data)
            # The event loop takes no other turn while the server reads everything.
            await asyncio.sleep(0)

    await run.on_connections(CROWD, ask, receive_buffer=SMALLEST_BUFFER)


def _no_turns() -> bytes:
    audio = {"input": {"turn_detection": None}}
    return event("session.update", session={"audio": audio})


def _appended() -> bytes:
    chunks = [one.payload or b"" for one in short_request("asr") if one.type == "audio-chunk"]
    audio = b"".join(chunks)[:APPEND_BYTES]
    return event("input_audio_buffer.append", audio=base64.b64encode(audio).decode())


WEBSOCKETS = (
    Attack(f"{SOCKETS} WebSockets, ping without pause", ping_sockets, over_http=True),
    Attack(f"{SOCKETS} WebSockets, fragments of one byte", send_fragments, over_http=True),
    Attack(
        f"{SOCKETS} WebSockets, endless empty fragments", send_endless_fragments, over_http=True
    ),
    Attack(f"{HOLDERS} WebSockets, incomplete events", hold_incomplete_events, over_http=True),
    Attack(f"{SOCKETS} WebSockets, broken frames", send_broken_frames, over_http=True),
    Attack(
        f"{CROWD} WebSockets, speech that is never committed",
        *(append_forever, ("asr",)),
        over_http=True,
    ),
    Attack(f"{CROWD} WebSockets, texts never read", commit_unread, ("asr",), over_http=True),
    Attack(f"{CROWD} WebSockets, responses never read", respond_unread, ("tts",), over_http=True),
)
