"""Bytes of a WebSocket are read at the pace of bodies, whether or not they make a message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import WSCloseCode, WSMsgType

from tests.support.fakes import eventually
from tests.support.raw_websocket import EMPTY_FRAGMENT, FIRST_FRAGMENT, LAST_FRAGMENT, Endpoint
from tests.support.virtual_time import run_in_virtual_time
from wyoming_voice_stack.http.api.realtime.frame_intake import (
    BUSY_REASON,
    LATE_REASON,
    OWN_BYTES,
    READ_BYTES,
    UNREAD_BYTES,
    FrameIntake,
)
from wyoming_voice_stack.http.deadlines import Deadlines
from wyoming_voice_stack.http.pacing import Pace
from wyoming_voice_stack.protocol.connection.inbox import InboxPool

FRAGMENTS = FIRST_FRAGMENT + 10 * READ_BYTES * EMPTY_FRAGMENT
TURNS = 50
"""More than a server that does not wait takes to read more."""


class Toll:
    """A pace that waits until the test lets it go on."""

    def __init__(self) -> None:
        self.paid: list[int] = []
        self.open = asyncio.Event()

    def new_pace(self) -> Pace:
        async def pace(size: int) -> None:
            self.paid.append(size)
            await self.open.wait()

        return pace


async def test_fragments_wait_until_those_before_are_paid() -> None:
    toll, endpoint = Toll(), Endpoint()
    endpoint.read.set()
    async with (
        endpoint.serving(new_pace=toll.new_pace) as api,
        endpoint.client(api) as client,
    ):
        client.writer.write(FRAGMENTS)
        await eventually(lambda: bool(toll.paid))
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert len(toll.paid) == 1
        assert endpoint.received_bytes <= 2 * READ_BYTES
        toll.open.set()
        await client.send_raw(LAST_FRAGMENT)
        await eventually(lambda: endpoint.types == ["ab"])
        sent = len(FRAGMENTS) + len(LAST_FRAGMENT)
        assert endpoint.received_bytes == sum(toll.paid) == sent
        assert max(toll.paid) <= READ_BYTES


async def test_a_client_that_leaves_ends_the_wait() -> None:
    toll, endpoint = Toll(), Endpoint()
    endpoint.read.set()
    async with endpoint.serving(new_pace=toll.new_pace) as api:
        async with endpoint.client(api) as client:
            client.writer.write(FRAGMENTS)
            await eventually(lambda: bool(toll.paid))
            client.writer.transport.abort()
        await eventually(endpoint.ended.is_set)
    assert not toll.open.is_set()


async def test_complete_events_wait_for_the_session_within_bounds() -> None:
    endpoint = Endpoint()
    event = b'\x81\xfe\x04\x00\0\0\0\0{"type": "a"}' + b" " * (1024 - 13)
    async with endpoint.serving() as api, endpoint.client(api) as client:
        client.writer.write(100 * event)
        await eventually(lambda: endpoint.received_bytes >= UNREAD_BYTES)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert endpoint.received_bytes <= UNREAD_BYTES + 2 * READ_BYTES
        endpoint.read.set()
        await eventually(lambda: endpoint.types == ["a"] * 100)


PING = b"\x89\x80\0\0\0\0"


@pytest.mark.parametrize("between", [b"", PING], ids=["alone", "with pings between"])
async def test_incomplete_events_share_their_memory(between: bytes) -> None:
    pool = InboxPool(OWN_BYTES)
    one, other = Endpoint(pool), Endpoint(pool)
    one.read.set()
    other.read.set()
    async with one.serving() as api, other.serving() as another:
        async with one.client(api) as client:
            await client.send_raw(FIRST_FRAGMENT)
            fragments = 100 * EMPTY_FRAGMENT + between
            await client.send_raw(fragments * (OWN_BYTES * 3 // 2 // len(fragments)))
            await eventually(lambda: pool.used_bytes > OWN_BYTES // 4)
            async with other.client(another) as second:
                # No more than what is too much: a client that sends on does not learn why it is refused.
                too_many = OWN_BYTES * 3 // 2 // len(EMPTY_FRAGMENT) + 200
                await second.send_raw(FIRST_FRAGMENT + too_many * EMPTY_FRAGMENT)
                frame = await second.reader.read()
            assert frame.startswith(b"\x88")
            assert WSCloseCode.TRY_AGAIN_LATER.to_bytes(2) + BUSY_REASON.encode() in frame
            await client.send_raw(LAST_FRAGMENT)
            await eventually(lambda: one.types == ["ab"])
        await eventually(one.ended.is_set)
    assert pool.used_bytes == 0


async def test_small_events_need_none_of_the_shared_memory() -> None:
    endpoint = Endpoint(InboxPool(0))
    endpoint.read.set()
    async with endpoint.serving() as api, endpoint.client(api) as client:
        fragments = OWN_BYTES // len(EMPTY_FRAGMENT) - 10
        await client.send_raw(FIRST_FRAGMENT + fragments * EMPTY_FRAGMENT + LAST_FRAGMENT)
        await eventually(lambda: endpoint.types == ["ab"])


async def test_an_event_that_is_never_complete_ends_the_session() -> None:
    endpoint = Endpoint()
    endpoint.read.set()
    deadlines = Deadlines(read_s=0.05)
    async with (
        endpoint.serving(deadlines=deadlines) as api,
        endpoint.client(api) as client,
    ):
        await client.send_raw(FIRST_FRAGMENT)
        frame = await client.reader.read()
    assert WSCloseCode.POLICY_VIOLATION.to_bytes(2) + LATE_REASON.encode() in frame


class Reading:
    """An intake over a parser for which a full stop ends an event, and any other byte goes on with one."""

    def __init__(self, read_s: float) -> None:
        self.failures: list[str] = []
        self.queue = SimpleNamespace(
            _buffer=[],
            _size=0,
            set_exception=lambda error: self.failures.append(str(error)),
            feed_eof=lambda: None,
        )
        request: Any = SimpleNamespace(
            transport=None, protocol=SimpleNamespace(_payload_parser=self)
        )
        self.intake = FrameIntake(request, self.queue, InboxPool(), read_s=read_s)

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        if data == b".":
            self.queue._buffer.append((SimpleNamespace(type=WSMsgType.TEXT), 0))
        return False, b""


def test_an_event_may_be_late_and_a_quiet_client_is_not() -> None:
    """The time of an event begins with its first byte, however steadily the others follow."""

    async def pace(size: int) -> None:
        del size

    async def main(clock: Callable[[], float]) -> None:
        reading = Reading(read_s=30.0)
        reading.intake.start(pace)
        for _ in range(3):
            reading.intake.feed_data(b"a")
            await asyncio.sleep(29.0)
            reading.intake.feed_data(b".")
            await asyncio.sleep(100.0)
        assert reading.failures == []
        began = clock()
        late_at: list[float] = []
        for _ in range(100):
            reading.intake.feed_data(b"a")
            await asyncio.sleep(0.5)
            late_at += [clock() - began for _ in reading.failures[len(late_at) :]]
        assert reading.failures == [LATE_REASON]
        assert 30.0 <= late_at[0] < 31.0
        reading.intake.close()

    run_in_virtual_time(main)
