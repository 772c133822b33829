"""A Wyoming server that answers one kind of event as a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from wyoming.event import Event, async_read_event, async_write_event

Converse = Callable[[list[Event], asyncio.StreamWriter], Awaitable[None]]
"""Gets the events of a connection so far, and writes the answer."""


@asynccontextmanager
async def scripted_server(
    converse: Converse, *, at: str = "audio-stop", leaves: bool = True
) -> AsyncIterator[int]:
    """Call `converse` at each event of type `at`, and then close the connection or read on."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        events: list[Event] = []
        while (event := await async_read_event(reader)) is not None:
            events.append(event)
            if event.type == at:
                await converse(events, writer)
                if leaves:
                    break
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


def saying(*events: Event) -> Converse:
    """Answer with these events."""

    async def converse(_: list[Event], writer: asyncio.StreamWriter) -> None:
        for event in events:
            await async_write_event(event, writer)

    return converse
