"""A connection that has ended leaves nothing behind for the garbage collector."""

from __future__ import annotations

import gc
import socket
import struct
import weakref
from collections.abc import Iterator

import pytest
from wyoming.info import Describe
from wyoming.ping import Ping

from tests.support.fakes import eventually
from tests.support.peers import EchoService, Peer, listening, peer
from wyoming_voice_stack.protocol.connection.connection import Connection

RESET = struct.pack("ii", 1, 0)
MALFORMED = b'{"type": "ping", "data_length": -1}\n'


@pytest.fixture(autouse=True)
def no_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


async def leave(client: Peer, how: str) -> None:
    if how == "malformed":
        await client.send_raw(MALFORMED)
        await client.reader.read()
    elif how == "reset":
        plain = client.writer.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.writer.transport.abort()


@pytest.mark.parametrize("how", ["end", "reset", "malformed", "reset with unread replies"])
async def test_connection_is_freed_when_it_ends(how: str) -> None:
    async with listening(EchoService()) as listener:
        async with peer(listener.port) as client:
            await client.send(Ping(text="a").event())
            assert await client.next() is not None
            connections: list[weakref.ref[Connection]] = [
                weakref.ref(one) for one in listener._connections.values()
            ]
            if how == "reset with unread replies":
                for _ in range(9):
                    await client.send(Describe().event())
            await leave(client, how.split(maxsplit=1)[0])
        assert len(connections) == 1
        await eventually(lambda: connections[0]() is None)
