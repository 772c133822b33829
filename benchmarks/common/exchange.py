"""One request to a Wyoming server on a connection of its own, with the times of what was sent and read."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from wyoming.error import Error
from wyoming.event import Event

from wyoming_voice_stack.errors import ProtocolError
from wyoming_voice_stack.protocol.framing import EventParser, FrameLimits

PATIENCE_S = 180.0
"""How long a reply may take after the last step is due."""
CONNECT_S = 10.0
CLOSE_S = 2.0
HEAD_START_S = 0.05
"""Time to open all connections of a round before the first request is sent."""
READ_BYTES = 64 * 1024

Receive = Callable[[Event, float], bool]
"""Takes one event of the reply and its time of arrival; returns True if it is the last one."""


class Step(NamedTuple):
    """Bytes to send at one time, in seconds after the beginning of the request."""

    due_s: float
    data: bytes


@dataclass(frozen=True)
class Exchange:
    """The times of one request, in seconds after its beginning."""

    sent_s: tuple[float, ...] = ()
    """When each step was sent; steps after the end of the reply are missing."""
    ended_s: float = math.inf
    """When the last event of the reply was read; infinite on failure."""
    failure: str = ""
    """Why the reply is not complete; empty if it is."""


class ExchangeFailed(Exception):
    """The reply is invalid, or the server ended it with an error."""


def start_of_round() -> float:
    """The time on the monotonic clock at which the requests of a round begin."""
    return time.monotonic() + HEAD_START_S


async def exchange(
    host: str, port: int, steps: Sequence[Step], receive: Receive, start_at: float
) -> Exchange:
    """Connect at once, send the steps from `start_at` on, and read up to the end of the reply."""
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        return Exchange(failure=f"not connected: {str(error) or 'timed out'}")
    try:
        await asyncio.sleep(start_at - time.monotonic())
        return await _converse(reader, writer, steps, receive)
    finally:
        await _close(writer)


async def _converse(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    steps: Sequence[Step],
    receive: Receive,
) -> Exchange:
    begin = time.monotonic()
    sent_s: list[float] = []
    ended_s, failure = math.inf, ""
    reading = asyncio.create_task(_read(reader, receive, begin))
    try:
        async with asyncio.timeout(steps[-1].due_s + PATIENCE_S):
            await _send(writer, steps, reading, sent_s, begin)
            ended_s = await reading
    except TimeoutError:
        failure = "timed out"
    except (OSError, ProtocolError, ExchangeFailed) as error:
        failure = str(error) or type(error).__name__
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    return Exchange(tuple(sent_s), ended_s, failure)


async def _send(
    writer: asyncio.StreamWriter,
    steps: Sequence[Step],
    reading: asyncio.Task[float],
    sent_s: list[float],
    begin: float,
) -> None:
    """Send each step when it is due, until the reply ends.

    All times are fixed at the beginning, so that one delay does not add to the next.
    """
    for step in steps:
        until_due_s = max(0.0, begin + step.due_s - time.monotonic())
        await asyncio.wait([reading], timeout=until_due_s)
        if reading.done():
            return
        try:
            writer.write(step.data)
            sent_s.append(time.monotonic() - begin)
            await writer.drain()
        except OSError:
            # The server closed the connection; its last events can still be read.
            return


async def _read(reader: asyncio.StreamReader, receive: Receive, begin: float) -> float:
    """Read up to the last event of the reply, and return its time of arrival."""
    parser = EventParser(FrameLimits())
    while data := await reader.read(READ_BYTES):
        parser.feed(data)
        while (event := parser.next_event()) is not None:
            at_s = time.monotonic() - begin
            if Error.is_type(event.type):
                raise ExchangeFailed(f"error {event.data.get('code')}: {event.data.get('text')}")
            if receive(event, at_s):
                return at_s
    raise ExchangeFailed("the connection was closed")


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        async with asyncio.timeout(CLOSE_S):
            await writer.wait_closed()
    except (OSError, TimeoutError):
        writer.transport.abort()
