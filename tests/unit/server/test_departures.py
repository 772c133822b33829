from __future__ import annotations

import asyncio
import socket
import time
from contextlib import suppress

import pytest
from wyoming.event import Event
from wyoming.info import Describe

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.peers import EchoService, Peer, listening, peer
from wyoming_voice_stack.protocol.connection.connection import Connection
from wyoming_voice_stack.protocol.connection.connection_state import ConnectionState
from wyoming_voice_stack.protocol.connection.inbox import MAX_WAITING_BYTES, OWN_BYTES
from wyoming_voice_stack.protocol.connection.server_context import ConnectionLimits
from wyoming_voice_stack.protocol.framing import encode
from wyoming_voice_stack.server import departures
from wyoming_voice_stack.server.departures import DepartureWatch
from wyoming_voice_stack.server.listener import Listener

MUCH = bytes(MAX_WAITING_BYTES)
UNSENT_BYTES = 16 * 1024 * 1024
"""More than the systems of both sides keep of a reply."""


class Held:
    """A connection that notes how often it was abandoned and probed."""

    def __init__(self) -> None:
        self.abandoned = self.probed = 0

    def probe(self) -> None:
        self.probed += 1

    def abandon(self) -> None:
        self.abandoned += 1


@pytest.fixture
def service() -> EchoService:
    return EchoService()


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(departures, "CHECK_SECONDS", 0.001)


async def stop_reading(service: EchoService, listener: Listener, client: Peer) -> None:
    """Send so much behind an event that works until the end that the server stops reading."""
    await client.send(Event("wait"), Event("more", payload=MUCH))
    await eventually(lambda: bool(service.sessions))
    await service.sessions[0].entered.wait()
    [connection] = listener._connections.values()
    await client.send(Event("more", payload=MUCH))
    await eventually(lambda: connection.received_bytes > 2 * len(MUCH))
    await eventually(lambda: not connection._parser.in_event)
    assert len(connection._inbox) == 1


async def fill(client: socket.socket, connection: Connection) -> None:
    """Send until the server has stopped reading, and this system has no room either."""
    transport = connection._writer.transport
    assert isinstance(transport, asyncio.Transport)
    more = b""

    def full() -> bool:
        nonlocal more
        with suppress(BlockingIOError):
            while True:
                more = more[client.send(more) :] or encode(Event("more", payload=MUCH))
        return connection.received_bytes > 2 * len(MUCH) and not transport.is_reading()

    await eventually(full)


class TestConnections:
    async def test_a_client_that_left_is_noticed_by_a_connection_that_does_not_read(
        self, service: EchoService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(departures, "UNREAD_SECONDS", 0.01)
        async with listening(service) as listener:
            async with peer(listener.port) as client:
                await stop_reading(service, listener, client)
            await eventually(lambda: not listener._connections)
            assert service.sessions[0].cancelled.is_set()
            assert listener._context.inbox_pool.used_bytes == 0

    async def test_a_connection_that_was_reset_ends_at_once(
        self, service: EchoService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(departures, "UNREAD_SECONDS", 3600.0)
        async with listening(service) as listener, peer(listener.port) as client:
            await stop_reading(service, listener, client)
            plain = client.writer.get_extra_info("socket")
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.writer.transport.abort()
            await eventually(lambda: not listener._connections)
            assert service.sessions[0].cancelled.is_set()

    async def test_a_client_whose_system_still_delivers_is_noticed_by_probes(
        self, service: EchoService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(departures, "PROBE_SECONDS", 0.0)
        async with listening(service) as listener:
            with socket.create_connection(("127.0.0.1", listener.port)) as client:
                client.setblocking(False)
                client.send(encode(Event("wait")))
                await eventually(lambda: bool(service.sessions))
                [connection] = listener._connections.values()
                await fill(client, connection)
                sock = connection._writer.get_extra_info("socket")
            await eventually(lambda: not listener._connections)
            assert sock.fileno() == -1
            assert service.sessions[0].cancelled.is_set()

    async def test_probes_are_no_part_of_replies(
        self, service: EchoService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with listening(service) as listener, peer(listener.port) as client:
            await stop_reading(service, listener, client)
            [connection] = listener._connections.values()
            connection.probe()
            assert await client.reader.readexactly(1) == b" "
            connection.probe()
            await client.send(Describe().event())
            service.sessions[0].go_on.set()
            kinds = [event.type for _ in range(4) if (event := await client.next())]
            assert sorted(kinds) == ["echo", "echo", "echo", "info"]

    async def test_a_client_that_has_not_read_a_reply_is_not_probed(
        self, service: EchoService
    ) -> None:
        """The reply finds out whether it is gone."""
        async with listening(service) as listener, peer(listener.port) as client:
            await stop_reading(service, listener, client)
            [connection] = listener._connections.values()
            connection._writer.write(bytes(UNSENT_BYTES))
            unsent = connection._writer.transport.get_write_buffer_size()
            assert unsent > 0
            connection.probe()
            assert connection._writer.transport.get_write_buffer_size() == unsent
            connection.abort()

    async def test_clients_of_which_little_waits_are_not_probed(self, service: EchoService) -> None:
        async with listening(service) as listener, peer(listener.port) as client:
            await client.send(Event("wait"), Event("more", payload=bytes(OWN_BYTES // 2)))
            await eventually(lambda: bool(service.sessions))
            await service.sessions[0].entered.wait()
            [connection] = listener._connections.values()
            await eventually(lambda: len(connection._inbox) == 1)
            connection.probe()
            service.sessions[0].go_on.set()
            assert await client.reader.readexactly(1) == b"{"

    async def test_a_client_that_sends_no_more_gets_its_answer(
        self, service: EchoService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        limits = ConnectionLimits(half_close_s=WAIT_SECONDS)
        async with (
            listening(service, limits=limits) as listener,
            peer(listener.port) as client,
        ):
            await client.send(Event("wait"))
            await eventually(lambda: bool(service.sessions))
            client.writer.write_eof()
            [connection] = listener._connections.values()
            await eventually(lambda: connection._state is ConnectionState.HALF_CLOSED)
            monkeypatch.setattr(departures, "UNREAD_SECONDS", 0.0)
            listener._departures._check()
            assert connection in listener._departures._closed_at
            service.sessions[0].go_on.set()
            assert [event.type for event in await client.rest()] == ["echo"]


class TestWatch:
    async def test_an_open_connection_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        checks = 0

        class Counting(DepartureWatch):
            def _check(self) -> None:
                nonlocal checks
                checks += 1
                super()._check()

        here, there = socket.socketpair()
        with here, there:
            there.send(b"unread")
            watch, connection = Counting(), Held()
            watch.add(connection, here)
            await eventually(lambda: checks >= 3)
            assert not connection.abandoned
            watch.close()
            assert watch._timer is None

    async def test_behind_unread_bytes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(departures, "UNREAD_SECONDS", 3600.0)
        here, there = socket.socketpair()
        with here, there:
            there.send(b"unread")
            there.shutdown(socket.SHUT_WR)
            watch, connection = DepartureWatch(), Held()
            watch.add(connection, here)
            await eventually(lambda: connection in watch._closed_at)
            assert not connection.abandoned
            monkeypatch.setattr(departures, "UNREAD_SECONDS", 0.0)
            await eventually(lambda: bool(connection.abandoned))
            watch.close()

    async def test_nothing_is_checked_without_connections(self) -> None:
        here, there = socket.socketpair()
        with here, there:
            watch, connection = DepartureWatch(), Held()
            watch.add(connection, here)
            assert watch._timer is not None
            watch.remove(connection)
            await eventually(lambda: watch._timer is None)

    async def test_clients_are_not_probed_all_the_time(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(departures, "PROBE_SECONDS", 3600.0)
        monkeypatch.setattr(departures, "CHECK_SECONDS", 3600.0)
        here, there = socket.socketpair()
        with here, there:
            watch, connection = DepartureWatch(), Held()
            watch.add(connection, here)
            watch._probed_at = time.monotonic()
            watch._check()
            assert not connection.probed
            watch._probed_at -= departures.PROBE_SECONDS
            for _ in range(2):
                watch._check()
            assert connection.probed == 1
            watch.close()

    async def test_a_closed_socket(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(departures, "UNREAD_SECONDS", 3600.0)
        here, there = socket.socketpair()
        here.close()
        there.close()
        watch, connection = DepartureWatch(), Held()
        watch.add(connection, here)
        await eventually(lambda: bool(connection.abandoned))
        watch.close()
