"""Bytes that are no valid events, and HTTP that a foreign web page causes."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress

from wyoming.event import Event

from benchmarks.robustness.attack import Attack, AttackRun, Link
from benchmarks.robustness.requests import short_request
from wyoming_voice_stack.protocol.framing import encode

FUZZERS = 8
ANSWER_S = 0.1
"""How long a fuzzer waits for an answer to bytes that may be the beginning of an event."""
MOST_CHANGES = 6
FUZZED_BYTES = 4096
HTTP_S = 5.0

IMPOSSIBLE = (
    b'{"type": "audio-chunk", "payload_length": 1000000000000000}\n' + bytes(1_000_000),
    b'{"type": "transcribe", "data_length": 1000000000}\n' + bytes(1_000_000),
    b'{"type": "ping", "data_length": -1}\n',
    b"a" * 10_000_000,
    b'{"type": "ping", "data": ' + b"[" * 50_000 + b"]" * 50_000 + b"}\n",
    b'{"type": "ping", "data": {"text": ' + b"9" * 60_000 + b"}}\n",
    b'{"type": "audio-start", "data": {"rate": 1e400, "width": 0, "channels": -1}}\n',
    b'{"type": "audio-start", "data": {"rate": 2147483647, "width": 4, "channels": 65535}}\n'
    + encode(Event("audio-chunk", {"rate": 1, "width": 1, "channels": 1}, bytes(100))),
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
)
"""Impossible lengths, JSON that is deep, huge or wrong, TLS, and half an HTTP request."""

FOREIGN = (
    ("Host", b"GET /health HTTP/1.0\r\nHost: attacker.example\r\n\r\n"),
    (
        "Origin",
        b"GET /health HTTP/1.0\r\nHost: localhost\r\nOrigin: https://attacker.example\r\n\r\n",
    ),
)
OWN = b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n"


def mutate(data: bytes, source: random.Random) -> bytes:
    """Change, remove, repeat or insert some bytes."""
    changed = bytearray(data[: source.randrange(1, FUZZED_BYTES)])
    for _ in range(source.randint(1, MOST_CHANGES)):
        at = source.randrange(len(changed) + 1)
        match source.randrange(4):
            case 0:
                changed[at : at + 1] = source.randbytes(1)
            case 1:
                del changed[at : at + source.randrange(8)]
            case 2:
                changed[at:at] = changed[at : at + source.randrange(64)]
            case _:
                changed[at:at] = source.choice(
                    (b"\n", b"{", b'"', b"\\ud800", b"-1", b"null", b"[]")
                )
    return bytes(changed)


async def fuzz(run: AttackRun) -> None:
    """Send valid requests with random changes; the changes are the same in each run."""
    requests = [
        encode(Event("ping", {"text": "a"})) + encode(Event("describe")),
        b"".join(map(encode, short_request(run.service))),
        encode(Event("transcribe", {"language": "en", "transcript_names": ["a"]})),
        encode(Event("synthesize-start")) + encode(Event("synthesize-chunk", {"text": "Hi. "})),
        encode(Event("audio-start", {"rate": 16000, "width": 2, "channels": 1})),
        OWN,
    ]

    async def fuzz_with(source: random.Random) -> None:
        async def send(link: Link) -> None:
            await link.send(mutate(source.choice(requests), source))
            run.counts["fuzzed"] += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    await link.drain_replies()

        while run.seconds_left:
            await run.once(send)

    async with asyncio.TaskGroup() as group:
        for seed in range(FUZZERS):
            group.create_task(fuzz_with(random.Random(seed)))


async def impossible(run: AttackRun) -> None:
    """Send each of the impossible beginnings again and again."""

    async def send_all() -> None:
        while run.seconds_left:
            for data in IMPOSSIBLE:

                async def send(link: Link, data: bytes = data) -> None:
                    await link.send(data)
                    run.counts["sent"] += 1
                    with suppress(TimeoutError):
                        async with asyncio.timeout(ANSWER_S):
                            await link.drain_replies()

                await run.once(send)

    async with asyncio.TaskGroup() as group:
        for _ in range(FUZZERS):
            group.create_task(send_all())


async def foreign_page(run: AttackRun) -> None:
    """Send HTTP requests as a browser does for a foreign page, and look at what `/health` tells."""
    for name, request in FOREIGN:
        run.facts.append(f"foreign {name}: {(await http(run, request))[:12].decode() or 'no HTTP'}")
    head, _, body = (await http(run, OWN)).partition(b"\r\n\r\n")
    lines = head.decode("latin-1").splitlines()
    server = next(
        (line for line in lines if line.lower().startswith("server:")), "no Server header"
    )
    run.facts.append(server)
    run.facts.append("paths in /health" if b'"/' in body else "no paths in /health")


async def http(run: AttackRun, request: bytes) -> bytes:
    """The answer to an HTTP request; empty if it is not one."""
    answer = b""

    async def ask(link: Link) -> None:
        nonlocal answer
        await link.send(request)
        async with asyncio.timeout(HTTP_S):
            answer = await link.reader.read(-1)

    with suppress(TimeoutError):
        await run.once(ask)
    return answer if answer.startswith(b"HTTP/") else b""


MALFORMED = (
    Attack("fuzzed frames, 8 clients", fuzz),
    Attack("impossible lengths and JSON, 8 clients", impossible),
    Attack("HTTP of a foreign page", foreign_page),
)
