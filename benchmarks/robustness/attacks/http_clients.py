"""Clients of the OpenAI-compatible API that hold the server's places and memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

from benchmarks.robustness.attack import Attack, AttackRun, Link
from benchmarks.robustness.attacks.http_bodies import send_body
from benchmarks.robustness.requests import LONG_TEXT
from wyoming_voice_stack.codecs.encoding import wav_header

UPLOADERS = 200
BLOCKS = 290
"""Blocks of silence in each upload: 19 MB, ten minutes."""
SLOW_READERS = 100
EVENT_READERS = 60
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

    async def send(link: Link) -> None:
        await send_body(run, link, upload())

    await run.on_connections(UPLOADERS, send)


async def read_nothing(run: AttackRun) -> None:
    """Ask for long speech over HTTP and do not read it."""
    await _leave_unread(run, SLOW_READERS, {})


async def read_no_events(run: AttackRun) -> None:
    """Ask for long speech as server-sent events and do not read them."""
    await _leave_unread(run, EVENT_READERS, {"stream_format": "sse"})


async def _leave_unread(run: AttackRun, readers: int, options: dict[str, str]) -> None:
    body = json.dumps({"input": LONG_TEXT, "response_format": "pcm", **options}).encode()
    request = head("/v1/audio/speech", "application/json", len(body)) + body

    async def ask(link: Link) -> None:
        link.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await link.send(request)
        await asyncio.sleep(run.seconds_left)

    await run.on_connections(readers, ask, receive_buffer=SMALLEST_BUFFER)


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


HTTP_CLIENTS = (
    Attack(f"{UPLOADERS} uploads of 19 MB over HTTP", upload_at_once, ("asr",), over_http=True),
    Attack(f"{SLOW_READERS} HTTP readers that never read", read_nothing, ("tts",), over_http=True),
    Attack(
        f"{EVENT_READERS} readers of server-sent events that never read",
        *(read_no_events, ("tts",)),
        over_http=True,
    ),
    Attack(f"{HALF_OPEN} HTTP requests without their body", send_no_body, over_http=True),
)
