"""Clients that take a place or memory and keep it."""

from __future__ import annotations

import asyncio
import json
from functools import partial

from wyoming.event import Event

from benchmarks.robustness.attack import Attack, AttackRun, Link
from benchmarks.robustness.requests import long_request, short_request, silence
from wyoming_voice_stack.protocol.framing import encode

HOLDERS = 100
"""More than a server of ours has places by default."""
DRIP_S = 0.2
SILENCE_S = 570
SILENT_CLIENTS = 60
OBJECT_CLIENTS = 40
OBJECTS_BYTES = 1_000_000
OBJECT_EVENTS = 8
UNREADING_CLIENTS = 60
SMALLEST_BUFFER = 4096

HALF_HEADER = b'{"type": "describe", '
FIRST_BYTES = {"nothing": b"", "half a header": HALF_HEADER, "describe": encode(Event("describe"))}


async def hold(run: AttackRun, *, data: bytes) -> None:
    """Send some bytes and then nothing, on many connections."""

    async def wait(link: Link) -> None:
        await link.send(data)
        await link.drain_replies()
        run.counts["ended by the server"] += 1

    await run.on_connections(HOLDERS, wait)


async def drip(run: AttackRun) -> None:
    """Send an endless header, one byte at a time."""

    async def send(link: Link) -> None:
        await link.send(HALF_HEADER)
        while not link.reader.at_eof():
            await link.send(b" ")
            await asyncio.sleep(DRIP_S)

    await run.on_connections(HOLDERS, send)


async def hold_silence(run: AttackRun) -> None:
    """Send minutes of silence that belong to one utterance, and never end it."""
    events = [encode(event) for event in silence(SILENCE_S)]

    async def send(link: Link) -> None:
        for event in events:
            await link.send(event)
            run.counts["seconds of silence"] += 1
        await link.drain_replies()

    await run.on_connections(SILENT_CLIENTS, send)


async def hold_objects(run: AttackRun) -> None:
    """Keep the server busy with a request, and send events of many small objects behind it."""
    objects = "[" + ",".join(["{}"] * (OBJECTS_BYTES // OBJECT_EVENTS // 3)) + "]"
    kind = "transcribe" if run.service == "asr" else "synthesize"
    data = b'{"text": "a", "context": {"a": ' + objects.encode() + b"}}"
    header = json.dumps({"type": kind, "data_length": len(data)}).encode() + b"\n"
    request = b"".join(map(encode, long_request(run.service)))

    async def send(link: Link) -> None:
        await link.send(request)
        for _ in range(OBJECT_EVENTS):
            await link.send(header + data)
            run.counts["events"] += 1
        await link.drain_replies()

    await run.on_connections(OBJECT_CLIENTS, send, receive_buffer=SMALLEST_BUFFER)


async def never_read(run: AttackRun) -> None:
    """Ask for a long reply and do not read it."""

    async def ask(link: Link) -> None:
        link.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await link.send_events(*long_request(run.service))
        await asyncio.sleep(run.seconds_left)

    await run.on_connections(UNREADING_CLIENTS, ask, receive_buffer=SMALLEST_BUFFER)


async def ask_and_leave(run: AttackRun) -> None:
    """Ask and disconnect before the reply."""

    async def ask(link: Link) -> None:
        await link.send_events(*short_request(run.service))
        await link.reader.read(1)

    async def leave(link: Link) -> None:
        await link.send_events(*short_request(run.service))

    await run.once(ask)
    await run.on_connections(4, leave)


HOLDS = (
    *(
        Attack(f"{HOLDERS} connections, {name} and silence", partial(hold, data=data))
        for name, data in FIRST_BYTES.items()
    ),
    Attack(f"{HOLDERS} headers, a byte at a time", drip),
    Attack(f"{SILENT_CLIENTS} x {SILENCE_S} s of silence", hold_silence, ("asr",)),
    Attack(f"{OBJECT_CLIENTS} x 1 MB of objects behind a request", hold_objects),
    Attack(f"{UNREADING_CLIENTS} readers that never read", never_read, ("tts",)),
    Attack("ask and leave", ask_and_leave),
)
