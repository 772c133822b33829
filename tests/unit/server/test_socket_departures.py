"""A WebSocket whose client has left ends, although the server has not read all that the client sent."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import pytest

from tests.support.fakes import eventually
from tests.support.http_api import Api
from tests.support.raw_websocket import HANDSHAKE, Endpoint
from wyoming_voice_stack.http.api.realtime.event_socket import UNASKED_PONG
from wyoming_voice_stack.http.pacing import Pace
from wyoming_voice_stack.server import departures

EVENT = b'\x81\xfe\x04\x00\0\0\0\0{"type": "a"}' + b" " * (1024 - 13)
MUCH = EVENT * 60
"""More than the server reads ahead, and less than it and the system's buffers hold."""


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(departures, "CHECK_SECONDS", 0.001)
    monkeypatch.setattr(departures, "PROBE_SECONDS", 3600.0)


def is_reading(endpoint: Endpoint) -> bool:
    return endpoint.transport.is_reading()


async def stopped(endpoint: Endpoint) -> None:
    """Wait until the server reads no more of what has arrived."""
    before = -1

    def settled() -> bool:
        nonlocal before
        before, last = endpoint.received_bytes, before
        return last == before > 0 and not is_reading(endpoint)

    await eventually(settled)


async def test_a_client_that_closed_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(departures, "UNREAD_SECONDS", 0.01)
    endpoint = Endpoint()
    async with endpoint.serving() as api:
        async with endpoint.client(api) as client:
            client.writer.write(MUCH)
            await stopped(endpoint)
        await eventually(endpoint.ended.is_set)
        await eventually(lambda: not api.listener._http_connections._departures._sockets)
    assert endpoint.received_bytes < len(MUCH)


async def test_a_client_whose_system_still_delivers_is_noticed_by_probes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(departures, "PROBE_SECONDS", 0.0)
    monkeypatch.setattr(departures, "UNREAD_SECONDS", 3600.0)
    endpoint = Endpoint()
    async with endpoint.serving() as api:
        with socket.create_connection(("127.0.0.1", api.port)) as client:
            client.setblocking(False)
            client.send(HANDSHAKE)
            await eventually(endpoint.opened.is_set)
            await fill(client, endpoint)
        await eventually(endpoint.ended.is_set)


async def fill(client: socket.socket, endpoint: Endpoint) -> None:
    """Send until the server has stopped reading, and this system has no room either."""
    more, before = b"", -1

    def full() -> bool:
        nonlocal more, before
        with suppress(BlockingIOError):
            while True:
                more = more[client.send(more) :] or MUCH
        before, last = endpoint.received_bytes, before
        return last == before > 0 and not is_reading(endpoint)

    await eventually(full)


async def test_probes_go_to_clients_whose_data_waits() -> None:
    endpoint = Endpoint()
    async with endpoint.serving() as api, endpoint.client(api) as client:
        assert endpoint.socket is not None
        client.writer.write(MUCH)
        await stopped(endpoint)
        endpoint.socket.probe()
        endpoint.read.set()
        await eventually(lambda: len(endpoint.types) == len(MUCH) // len(EVENT))
        endpoint.socket.abandon()
        # The watch may have sent another one.
        assert set(batched(await client.reader.read())) == {UNASKED_PONG}


async def test_other_clients_are_not_probed() -> None:
    endpoint = Endpoint()
    async with endpoint.serving() as api, endpoint.client(api) as client:
        assert endpoint.socket is not None
        await eventually(lambda: is_reading(endpoint))
        endpoint.socket.probe()
        endpoint.socket.abandon()
        assert await client.reader.read() == b""


def batched(data: bytes) -> list[bytes]:
    """Frames without content."""
    return [data[at : at + 2] for at in range(0, len(data), 2)]


async def test_what_it_received_counts_for_the_return_of_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint = Endpoint()
    endpoint.read.set()
    async with endpoint.serving() as api:
        received = received_by(api, monkeypatch)
        async with endpoint.client(api) as client:
            client.writer.write(EVENT)
            await eventually(lambda: endpoint.types == ["a"])
        await eventually(lambda: bool(received))
    assert received == [len(EVENT)]


def received_by(api: Api, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What ended connections have received, as it is noted for the return of memory."""
    received: list[int] = []
    memory = api.listener._http_connections._memory_return
    monkeypatch.setattr(memory, "connection_ended", received.append)
    return received


async def test_a_closed_socket_is_not_probed(monkeypatch: pytest.MonkeyPatch) -> None:
    def new_pace() -> Pace:
        async def never(_: int) -> None:
            await asyncio.Event().wait()

        return never

    endpoint = Endpoint()
    async with endpoint.serving(new_pace=new_pace) as api, endpoint.client(api) as client:
        assert endpoint.socket is not None
        client.writer.write(MUCH)
        await stopped(endpoint)
        closing = asyncio.create_task(endpoint.socket.close(1000, "The end."))
        await client.reader.readuntil(b"The end.")
        written: list[bytes] = []
        monkeypatch.setattr(endpoint.transport, "write", written.append)
        assert not is_reading(endpoint)
        endpoint.socket.probe()
        endpoint.socket.abandon()
        await closing
        assert not written
