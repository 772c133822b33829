"""Clients that send or connect without pause."""

from __future__ import annotations

import asyncio
from functools import partial

from wyoming.event import Event

from benchmarks.robustness.attack import Attack, AttackRun, Link
from wyoming_voice_stack.protocol.framing import encode

BLOCK_BYTES = 64 * 1024
LARGE_BYTES = 1_000_000
CONNECTORS = 8

PING = Event("ping", {"text": "a"})
DESCRIBE = Event("describe")
UNKNOWN = Event("no-such-event", {"text": "a" * LARGE_BYTES})


async def flood(run: AttackRun, *, event: Event, clients: int) -> None:
    """Send one event again and again, and read what comes back."""
    encoded = encode(event)
    times = max(1, BLOCK_BYTES // len(encoded))
    block = encoded * times

    async def send(link: Link) -> None:
        reading = asyncio.create_task(link.drain_replies())
        try:
            while not reading.done():
                await link.send(block)
                run.counts["events"] += times
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    await run.on_connections(clients, send)


async def connect_and_leave(run: AttackRun, *, data: bytes, reset: bool) -> None:
    """Connect, send some bytes, and leave."""

    async def one() -> None:
        while run.seconds_left:
            try:
                link = await run.connect()
            except OSError:
                run.counts["not connected"] += 1
                await asyncio.sleep(0)
                continue
            link.writer.write(data)
            link.close(reset=reset)

    async with asyncio.TaskGroup() as group:
        for _ in range(CONNECTORS):
            group.create_task(one())


FLOODS = (
    Attack("ping without pause", partial(flood, event=PING, clients=1)),
    Attack("ping without pause, 8 clients", partial(flood, event=PING, clients=8)),
    Attack("describe without pause, 8 clients", partial(flood, event=DESCRIBE, clients=8)),
    Attack("unknown events of 1 MB, 8 clients", partial(flood, event=UNKNOWN, clients=8)),
    Attack("connect and close", partial(connect_and_leave, data=b"", reset=False)),
    Attack("describe and reset", partial(connect_and_leave, data=encode(DESCRIBE), reset=True)),
)
