"""Bodies of HTTP requests that cost the server more than their sender: large JSON, tiny chunks, forms of many parts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import cycle

from benchmarks.robustness.attack import Attack, AttackRun, Link, Service

CLIENTS = 8
JSON_BYTES = 12_000_000
ITEMS = 500_000
PARTS = 5_000
FIELD_HEADER_BYTES = 4_000_000
BLOCK_BYTES = 64 * 1024
BOUNDARY = "attack"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
JSON = "application/json"
JSON_PATHS: dict[Service, tuple[str, ...]] = {
    "asr": ("/v1/audio/transcriptions", "/v1/audio/translations", "/ui/api/sample"),
    "tts": ("/v1/audio/speech", "/ui/api/aliases", "/ui/plain/speech"),
}
FORM_PATHS: dict[Service, tuple[str, ...]] = {
    "asr": ("/v1/audio/transcriptions", "/v1/audio/translations"),
    "tts": ("/ui/api/voices", "/ui/plain/speech"),
}
METHODS = {"/ui/api/aliases": "PUT"}


def head(path: str, kind: str, length: int | None) -> bytes:
    """The head of a request; without a length, its body is sent in chunks."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    lines = (
        f"{METHODS.get(path, 'POST')} {path} HTTP/1.1",
        "Host: localhost",
        f"Content-Type: {kind}",
        size,
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def chunked(body: bytes, size: int) -> Iterator[bytes]:
    """A body in chunks of a size, in blocks as they are sent."""
    each = max(1, BLOCK_BYTES // size)
    for begin in range(0, len(body), each * size):
        block = body[begin : begin + each * size]
        pieces = [block[at : at + size] for at in range(0, len(block), size)]
        yield b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    yield b"0\r\n\r\n"


def json_bodies() -> list[bytes]:
    """JSON of twelve megabytes: deep, one long text, and half a million items."""
    depth = JSON_BYTES // 2
    padding = b'"' + b"a" * (JSON_BYTES // ITEMS - 3) + b'"'
    return [
        b'{"input": ' + b"[" * depth + b"]" * depth + b"}",
        b'{"input": "' + b"a" * JSON_BYTES + b'"}',
        b'{"input": [' + b",".join([padding] * ITEMS) + b"]}",
    ]


def deep_objects() -> bytes:
    """JSON that every route takes by its size, and no parser by its depth."""
    return b'{"input": ' + b"[" * 4_000 + b"]" * 4_000 + b"}"


def many_parts() -> bytes:
    """A form of thousands of empty fields."""
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="prompt"\r\n\r\na\r\n'.encode()
    return part * PARTS + f"--{BOUNDARY}--\r\n".encode()


def huge_field_headers() -> list[bytes]:
    """Forms whose fields have headers of megabytes: one long line, and many short ones."""
    begin = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="prompt"'.encode()
    end = f"\r\n\r\na\r\n--{BOUNDARY}--\r\n".encode()
    line = b"\r\nX-A: a"
    return [
        begin + b"; filename=" + b"a" * FIELD_HEADER_BYTES + end,
        begin + line * (FIELD_HEADER_BYTES // len(line)) + end,
        begin + b"\r\nX-" + b"a" * FIELD_HEADER_BYTES + end,
        b"a" * FIELD_HEADER_BYTES + b"\r\n" + begin + end,
    ]


async def send_body(run: AttackRun, link: Link, blocks: Iterator[bytes]) -> None:
    """Send a request until it is answered, and count the status."""

    async def answer() -> None:
        words = (await link.reader.readline()).split()
        run.counts[words[1].decode() if len(words) > 1 else "no answer"] += 1

    answering = asyncio.create_task(answer())
    try:
        for block in blocks:
            if answering.done():
                break
            await link.send(block)
        await asyncio.wait({answering})
    finally:
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)


async def _send_all(run: AttackRun, requests: list[Callable[[], Iterator[bytes]]]) -> None:
    turns = cycle(requests)

    async def send(link: Link) -> None:
        await send_body(run, link, next(turns)())

    await run.on_connections(CLIENTS, send)


def _with_length(path: str, kind: str, body: bytes) -> Callable[[], Iterator[bytes]]:
    def blocks() -> Iterator[bytes]:
        yield head(path, kind, len(body))
        for begin in range(0, len(body), BLOCK_BYTES):
            yield body[begin : begin + BLOCK_BYTES]

    return blocks


def _in_chunks(path: str, kind: str, body: bytes, size: int) -> Callable[[], Iterator[bytes]]:
    def blocks() -> Iterator[bytes]:
        yield head(path, kind, None)
        yield from chunked(body, size)

    return blocks


async def send_large_json(run: AttackRun) -> None:
    """Send large JSON to each route that takes JSON, with its length and without."""
    bodies = [*json_bodies(), deep_objects()]
    requests = []
    for path in JSON_PATHS[run.service]:
        for body in bodies:
            requests.append(_with_length(path, JSON, body))
            requests.append(_in_chunks(path, JSON, body, BLOCK_BYTES))
    await _send_all(run, requests)


async def send_single_bytes(run: AttackRun) -> None:
    """Send large JSON in chunks of one byte."""
    body = json_bodies()[1]
    await _send_all(run, [_in_chunks(path, JSON, body, 1) for path in JSON_PATHS[run.service]])


async def send_many_parts(run: AttackRun) -> None:
    """Send forms of thousands of parts, with their length and in small chunks."""
    body = many_parts()
    requests = []
    for path in FORM_PATHS[run.service]:
        requests.append(_with_length(path, FORM, body))
        requests.append(_in_chunks(path, FORM, body, 1))
    await _send_all(run, requests)


async def send_field_headers(run: AttackRun) -> None:
    """Send forms whose fields have headers of megabytes."""
    bodies = huge_field_headers()
    requests = []
    for path in FORM_PATHS[run.service]:
        for body in bodies:
            requests.append(_with_length(path, FORM, body))
            requests.append(_in_chunks(path, FORM, body, 1))
    await _send_all(run, requests)


HTTP_BODIES = (
    Attack(f"JSON of 12 MB over HTTP, {CLIENTS} clients", send_large_json, over_http=True),
    Attack(f"JSON in chunks of one byte, {CLIENTS} clients", send_single_bytes, over_http=True),
    Attack(f"forms of {PARTS} parts, {CLIENTS} clients", send_many_parts, over_http=True),
    Attack(f"forms with headers of 4 MB, {CLIENTS} clients", send_field_headers, over_http=True),
)
