"""Bytes of a WebSocket are read at the pace of bodies, whether or not they make a message."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import WSCloseCode

from tests.support.fakes import eventually
from tests.support.raw_websocket import EMPTY_FRAGMENT, FIRST_FRAGMENT, LAST_FRAGMENT, Endpoint
from wyoming_voice_stack.http.api.realtime.frame_intake import (
    BUSY_REASON,
    LATE_REASON,
    OWN_BYTES,
    READ_BYTES,
    UNREAD_BYTES,
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


async def test_a_quiet_client_is_not_late() -> None:
    endpoint = Endpoint()
    endpoint.read.set()
    async with (
        endpoint.serving(deadlines=Deadlines(read_s=0.001)) as api,
        endpoint.client(api) as client,
    ):
        for number in range(1, 4):
            await client.send_raw(FIRST_FRAGMENT + LAST_FRAGMENT)
            await eventually(lambda number=number: len(endpoint.types) == number)  # type: ignore[misc]
            # Longer than an event may take, for the task that looks at it.
            await asyncio.sleep(0.01)
