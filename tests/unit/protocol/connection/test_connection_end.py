"""How a connection ends: the client leaves, or the server shuts down."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest
from wyoming.event import Event
from wyoming.info import Describe
from wyoming.ping import Ping

from tests.support.echo_work import SMALL, start_work
from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.peers import EchoService, Peer, listening, peer
from wyoming_voice_stack.background import OverloadTurns
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.connection import inbox as inbox_module
from wyoming_voice_stack.protocol.connection.connection import Connection
from wyoming_voice_stack.protocol.connection.server_context import ConnectionLimits
from wyoming_voice_stack.server.listener import Listener


async def assert_cut_off(listener: Listener, client: Peer, *, grace_s: float) -> None:
    """Stop the server while a request runs: the client is sent an error at the end of the grace."""
    draining = asyncio.create_task(listener.drain(grace_s))
    assert (await client.rest())[0].data["code"] == "shutting-down"
    await client.close()
    await draining


class CountedTurns(OverloadTurns):
    """Counts the turns that were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def wait(self) -> None:
        self.asked += 1
        await super().wait()


async def test_the_rest_of_a_refused_client_takes_turns(service: EchoService) -> None:
    """It is read only so that the client reads why it was refused."""
    turns = CountedTurns()
    async with (
        listening(service, overload_turns=turns) as listener,
        peer(listener.port) as client,
    ):
        await client.send_raw(b"no event\n")
        assert (await client.rest())[0].type == "error"
        for _ in range(50):
            await client.send_raw(bytes(65536))
        await eventually(lambda: turns.asked > 3)


class TestDisconnect:
    async def test_close_cancels_the_work(self, service: EchoService) -> None:
        async with listening(service, limits=SMALL) as listener:
            async with peer(listener.port) as client:
                await start_work(service, client)
            await service.sessions[0].cancelled.wait()

    async def test_reset_cancels_the_work(self, service: EchoService) -> None:
        async with listening(service, limits=SMALL) as listener:
            async with peer(listener.port) as client:
                await start_work(service, client)
                plain = client.writer.get_extra_info("socket")
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.writer.transport.abort()
            await service.sessions[0].cancelled.wait()
            await eventually(lambda: not listener._connections)

    async def test_half_close_still_gets_its_answer(self, service: EchoService) -> None:
        limits = ConnectionLimits(half_close_s=WAIT_SECONDS)
        async with listening(service, limits=limits) as listener, peer(listener.port) as client:
            await client.send_raw(b'{ "type": "describe" }\n{"type": "one"}\n')
            client.writer.write_eof()
            assert [event.type for event in await client.rest()] == ["info", "echo"]

    async def test_close_with_much_still_unread_cancels_the_work(
        self, service: EchoService
    ) -> None:
        async with listening(service, limits=SMALL) as listener:
            async with peer(listener.port) as client:
                await client.send(Event("wait"), *(Event("more") for _ in range(500)))
                await eventually(lambda: bool(service.sessions))
                await service.sessions[0].entered.wait()
            await service.sessions[0].cancelled.wait()

    async def test_describe_is_answered_behind_much_that_waits(self, service: EchoService) -> None:
        async with listening(service) as listener, peer(listener.port) as client:
            await client.send(Event("wait"), *(Event("more") for _ in range(500)))
            await client.send(Describe().event())
            assert (await client.next()).type == "info"  # type: ignore[union-attr]

    async def test_what_waits_is_bounded_in_bytes(self, service: EchoService) -> None:
        async with listening(service) as listener, peer(listener.port) as client:
            await client.send(Event("wait"))
            sending = asyncio.create_task(  # noqa: RUF006 - cancelled below
                client.send(*(Event("more", payload=bytes(100_000)) for _ in range(300)))
            )
            await eventually(lambda: bool(service.sessions))
            [connection] = listener._connections.values()
            await eventually(
                lambda: connection._inbox.waiting_bytes > inbox_module.MAX_WAITING_BYTES
            )
            assert len(connection._inbox) == 3
            sending.cancel()
            await asyncio.wait({sending})
            client.writer.transport.abort()


class TestClosedSession:
    """Whatever ends a connection, its session lets go of what it asked for."""

    @pytest.mark.parametrize("said", ["one", "open", "wait"])
    async def test_client_leaves(self, service: EchoService, said: str) -> None:
        async with listening(service, limits=SMALL) as listener:
            async with peer(listener.port) as client:
                await client.send(Event(said), Ping().event())
                while (event := await client.next()) is not None and event.type != "pong":
                    pass
                assert not service.sessions[0].closed
            await eventually(lambda: service.sessions[0].closed)

    async def test_client_resets(self, service: EchoService) -> None:
        async with listening(service, limits=SMALL) as listener:
            async with peer(listener.port) as client:
                await client.send(Event("open"))
                await client.next()
                plain = client.writer.get_extra_info("socket")
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.writer.transport.abort()
            await eventually(lambda: service.sessions[0].closed)

    @pytest.mark.parametrize("raw", [b"garbage\n", b'{"type": "raise"}\n'])
    async def test_error(self, service: EchoService, raw: bytes) -> None:
        async with listening(service, limits=SMALL) as listener, peer(listener.port) as client:
            await client.send_raw(raw)
            assert (await client.rest())[0].type == "error"
            # The client leaves first: a failed connection waits for it for a moment.
            await client.close()
            await eventually(lambda: service.sessions[0].closed)

    async def test_server_ends(self, service: EchoService) -> None:
        async with listening(service) as listener, peer(listener.port) as client:
            await start_work(service, client)
            await assert_cut_off(listener, client, grace_s=0.0)
            assert service.sessions[0].closed


class TestDrain:
    async def test_idle_connection_ends_at_once(self, service: EchoService) -> None:
        async with listening(service) as listener, peer(listener.port) as client:
            await client.send(Event("one"))
            await client.next()
            await listener.drain(30.0)
            assert await client.rest() == []

    async def test_open_request_is_finished(self, service: EchoService) -> None:
        async with listening(service) as listener, peer(listener.port) as client:
            await client.send(Event("open"))
            await client.next()
            draining = asyncio.create_task(listener.drain(30.0))
            await client.send(Event("more"), Event("close"))
            assert [event.data["type"] for event in await client.rest()] == ["more", "close"]
            await draining

    async def test_new_request_is_refused(self, service: EchoService) -> None:
        async with listening(service) as listener, peer(listener.port) as client:
            await client.send(Event("open"))
            await client.next()
            draining = asyncio.create_task(listener.drain(30.0))
            await client.send(Event("close"), Event("another"))
            got = await client.rest()
            await draining
        assert [event.type for event in got] == ["echo", "error", "closing"]
        assert got[1].data["code"] == "shutting-down"

    async def test_error_that_was_said_is_not_said_twice(self, service: EchoService) -> None:
        metrics = Metrics()
        async with listening(service, metrics=metrics) as listener, peer(listener.port) as client:
            await client.send_raw(b"garbage\n")
            await eventually(lambda: b"malformed-event" in metrics.render())
            await listener.drain(0.0)
            assert [event.type for event in await client.rest()] == ["error", "closing"]
        assert b"shutting-down" not in metrics.render()

    async def test_end_of_the_grace_reaches_a_client_that_uploads(
        self, service: EchoService
    ) -> None:
        async with listening(service) as listener, peer(listener.port) as client:
            await client.send(Event("wait"))
            await eventually(lambda: bool(service.sessions))
            await client.send(*(Event("audio-chunk", payload=bytes(3200)) for _ in range(50)))
            await assert_cut_off(listener, client, grace_s=0.0)

    async def test_grace_ends(self, service: EchoService) -> None:
        async with listening(service) as listener, peer(listener.port) as client:
            await start_work(service, client)
            draining = asyncio.create_task(listener.drain(0.05))
            assert (await client.rest())[0].data["code"] == "shutting-down"
            # Before the client leaves: its leaving would cancel the session too.
            assert service.sessions[0].cancelled.is_set()
            await client.close()
            await draining

    async def test_no_new_connections(self, service: EchoService) -> None:
        async with listening(service) as listener:
            port = listener.port
            await listener.drain(0.0)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)

    async def test_grace_ends_before_a_connection_has_begun(
        self, service: EchoService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start = Connection.start
        begun: list[tuple[asyncio.Task[None], Connection]] = []

        def start_and_cancel(connection: Connection) -> asyncio.Task[None]:
            task = start(connection)
            begun.append((task, connection))
            task.cancel()
            return task

        monkeypatch.setattr(Connection, "start", start_and_cancel)
        async with listening(service) as listener, peer(listener.port) as client:
            await client.send(Event("wait"))
            await eventually(lambda: bool(begun) and begun[0][0].done())
            assert begun[0][1]._writer.is_closing()
            assert service.sessions[0].closed
            [error, _] = await client.rest()
            assert error.data["code"] == "shutting-down"
            assert not listener._connections

    async def test_half_an_event(self, service: EchoService) -> None:
        async with listening(service) as listener, peer(listener.port) as client:
            await client.send(Event("first"))
            await client.next()
            await client.send_raw(b'{"type": "sec')
            [connection] = listener._connections.values()
            await eventually(lambda: connection._parser.in_event)
            draining = asyncio.create_task(listener.drain(WAIT_SECONDS))
            [error, _] = await client.rest()
            assert error.data["code"] == "shutting-down"
            await client.close()
            await draining

    async def test_idle_connection_ends_without_an_error(self, service: EchoService) -> None:
        async with listening(service) as listener, peer(listener.port) as client:
            await client.send(Event("first"))
            await client.next()
            await listener.drain(WAIT_SECONDS)
            assert await client.rest() == []


async def test_after_an_error_a_connection_gives_its_place_to_others(service: EchoService) -> None:
    """Though events of it still wait, which the error has answered."""
    async with listening(service) as listener, peer(listener.port) as client:
        await client.send(Event("open"), Event("raise"), *(Event("more") for _ in range(9)))
        await eventually(lambda: bool(service.sessions))
        [connection] = listener._connections.values()
        assert [event.type for event in await client.rest()] == ["echo", "error", "closing"]
        assert connection._inbox.pending
        assert not connection.in_request
