"""Clients of the OpenAI-compatible API that hold the server's places and memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

from benchmarks.robustness.attack import Attack, AttackRun, Link
from benchmarks.robustness.requests import LONG_TEXT
from wyoming_voice_stack.codecs.encoding import wav_header

UPLOADERS = 200
BLOCKS = 290
"""Blocks of silence in each upload: 19 MB, ten minutes."""
SOCKETS = 16
PINGS = b"\x89\x80\0\0\0\0" * 10_000
"""Empty ping frames of a WebSocket client, with a mask of zeros."""
SLOW_READERS = 100
HALF_OPEN = 50
ANNOUNCED_BYTES = 20_000_000
SMALLEST_BUFFER = 4096
BLOCK_BYTES = 64 * 1024
BOUNDARY = "attack"
WAV = wav_header(16_000, None)


def head(path: str, kind: str, length: int) -> bytes:
    """The head of a POST."""
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: localhost",
        f"Content-Type: {kind}",
        f"Content-Length: {length}",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def upload() -> Iterator[bytes]:
    """A request to transcribe a long file of silence, in blocks."""
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    begin, end = part.encode() + WAV, f"\r\n--{BOUNDARY}--\r\n".encode()
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    length = len(begin) + BLOCKS * BLOCK_BYTES + len(end)
    yield head("/v1/audio/transcriptions", kind, length) + begin
    for _ in range(BLOCKS):
        yield bytes(BLOCK_BYTES)
    yield end


async def upload_at_once(run: AttackRun) -> None:
    """Send large files on many connections at the same time, and count the answers."""

    async def answer(link: Link) -> None:
        status = (await link.reader.readline()).split()
        run.counts[status[1].decode() if len(status) > 1 else "no answer"] += 1

    async def send(link: Link) -> None:
        answering = asyncio.create_task(answer(link))
        try:
            for block in upload():
                if answering.done():
                    break
                await link.send(block)
            await asyncio.wait({answering})
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)

    await run.on_connections(UPLOADERS, send)


async def read_nothing(run: AttackRun) -> None:
    """Ask for long speech over HTTP and do not read it."""
    body = json.dumps({"input": LONG_TEXT, "response_format": "pcm"}).encode()
    request = head("/v1/audio/speech", "application/json", len(body)) + body

    async def ask(link: Link) -> None:
        link.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await link.send(request)
        await asyncio.sleep(run.seconds_left)

    await run.on_connections(SLOW_READERS, ask, receive_buffer=SMALLEST_BUFFER)


async def send_no_body(run: AttackRun) -> None:
    """Announce a body and send none of it."""
    path = "/v1/audio/transcriptions" if run.service == "asr" else "/v1/audio/speech"
    kind = "multipart/form-data; boundary=a" if run.service == "asr" else "application/json"
    request = head(path, kind, ANNOUNCED_BYTES if run.service == "asr" else 1000)

    async def send(link: Link) -> None:
        await link.send(request)
        await link.drain_replies()
        run.counts["ended by the server"] += 1

    await run.on_connections(HALF_OPEN, send)


async def ping_sockets(run: AttackRun) -> None:
    """Open WebSockets, and send empty pings without pause; the answers are read."""
    lines = (
        "GET /v1/realtime?intent=transcription HTTP/1.1",
        "Host: localhost",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    )
    handshake = ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def flood(link: Link) -> None:
        await link.send(handshake)
        run.counts[(await link.reader.readline()).split()[1].decode()] += 1
        reading = asyncio.create_task(link.drain_replies())
        try:
            while not reading.done():
                await link.send(PINGS)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    await run.on_connections(SOCKETS, flood)


HTTP_CLIENTS = (
    Attack(f"{UPLOADERS} uploads of 19 MB over HTTP", upload_at_once, ("asr",)),
    Attack(f"{SOCKETS} WebSockets, ping without pause", ping_sockets),
    Attack(f"{SLOW_READERS} HTTP readers that never read", read_nothing, ("tts",)),
    Attack(f"{HALF_OPEN} HTTP requests without their body", send_no_body),
)
