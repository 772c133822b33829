"""What a WebSocket consisted of is free when it has ended, without the garbage collector."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Awaitable, Callable, Iterator

import pytest

from tests.support.fakes import eventually
from tests.support.peers import Peer
from tests.support.raw_websocket import EMPTY_FRAGMENT, FIRST_FRAGMENT, Endpoint
from wyoming_voice_stack.http.api.realtime.frame_intake import OWN_BYTES
from wyoming_voice_stack.protocol.connection.inbox import InboxPool

CLOSE = b"\x88\x80\0\0\0\0"
INCOMPLETE = FIRST_FRAGMENT + 100 * EMPTY_FRAGMENT
TOO_LARGE = FIRST_FRAGMENT + 2 * OWN_BYTES // len(EMPTY_FRAGMENT) * EMPTY_FRAGMENT


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def references(endpoint: Endpoint) -> list[weakref.ref[object]]:
    """References to the parts of an open socket."""
    socket = endpoint.socket
    assert socket is not None
    assert socket._intake is not None
    parts = (socket, socket._socket, socket._intake, socket._intake._parser)
    return [weakref.ref(part) for part in parts]


async def close(client: Peer) -> None:
    await client.send_raw(INCOMPLETE + CLOSE)
    await client.reader.read()


async def leave(client: Peer) -> None:
    await client.send_raw(INCOMPLETE)
    client.writer.transport.abort()


async def send_too_much(client: Peer) -> None:
    await client.send_raw(TOO_LARGE)
    # The server's reason; then it waits for the client's close.
    await client.reader.readexactly(1)
    client.writer.transport.abort()


@pytest.mark.parametrize("end", [close, leave, send_too_much])
async def test_an_ended_socket_leaves_no_garbage(end: Callable[[Peer], Awaitable[None]]) -> None:
    endpoint = Endpoint(InboxPool(OWN_BYTES // 4))
    endpoint.read.set()
    async with endpoint.serving() as api:
        async with endpoint.client(api) as client:
            parts = references(endpoint)
            await end(client)
        await eventually(endpoint.ended.is_set)
    endpoint.socket = None
    assert [type(part()).__name__ for part in parts if part() is not None] == []
