from __future__ import annotations

import asyncio
import json
import socket
import struct
from functools import partial

import pytest
from wyoming.event import Event
from wyoming.info import Describe, SelectProgram
from wyoming.ping import Ping

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.peers import EchoService, Peer, listening, peer
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.connection import connection as connection_module
from wyoming_voice_stack.protocol.connection import inbox as inbox_module
from wyoming_voice_stack.protocol.connection import server_context
from wyoming_voice_stack.protocol.connection.event_rate import (
    BURST_EVENTS,
    EVENTS_PER_TURN,
    EventRate,
)
from wyoming_voice_stack.protocol.connection.server_context import ConnectionLimits
from wyoming_voice_stack.protocol.framing import DataLimits, FrameLimits, encode
from wyoming_voice_stack.server.listener import Listener

SMALL = ConnectionLimits(
    frame=FrameLimits(header_bytes=4096, data=DataLimits(4096, 1000), payload_bytes=4096),
    half_close_s=0.05,
)


@pytest.fixture
def service() -> EchoService:
    return EchoService()


def set_idle_limit(listener: Listener, idle_s: float) -> None:
    """Change the limit of open connections from the next read on."""
    for connection in listener._connections.values():
        connection._limits = ConnectionLimits(idle_s=idle_s)


async def start_work(service: EchoService, client: Peer) -> None:
    """Send an event that is handled until the end, and wait until the session handles it."""
    await client.send(Event("wait"))
    await eventually(lambda: bool(service.sessions))
    await service.sessions[0].entered.wait()


async def assert_cut_off(listener: Listener, client: Peer, *, grace_s: float) -> None:
    """Stop the server while a request runs: the client is sent an error at the end of the grace."""
    draining = asyncio.create_task(listener.drain(grace_s))
    assert (await client.rest())[0].data["code"] == "shutting-down"
    await client.close()
    await draining


class TestEvents:
    async def test_describe_ping_and_events_on_one_connection(self, service: EchoService) -> None:
        async with listening(service) as listener, peer(listener.port) as client:
            await client.send(Describe().event(), Ping("hello").event(), Event("anything"))
            got = [await client.next() for _ in range(3)]
        assert [event.type for event in got if event] == ["info", "pong", "echo"]
        assert got[1] == Event("pong", {"text": "hello"})

    async def test_describe_is_answered_while_the_session_works(self, service: EchoService) -> None:
        async with listening(service) as listener, peer(listener.port) as client:
            await start_work(service, client)
            await client.send(Describe().event(), Ping().event())
            assert [(await client.next()).type for _ in range(2)] == ["info", "pong"]  # type: ignore[union-attr]

    async def test_a_flood_leaves_turns_of_the_loop_to_others(
        self, service: EchoService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # On a slow machine, so many events would be no flood.
        still = partial(EventRate, clock=lambda: 0.0)
        monkeypatch.setattr(connection_module, "EventRate", still)
        count = 2000
        turns = 0

        async def count_turns() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += 1

        async with listening(service) as listener, peer(listener.port) as client:
            counting = asyncio.create_task(count_turns())
            await client.send(*(Ping(str(number)).event() for number in range(count)))
            for number in range(count):
                assert await client.next() == Event("pong", {"text": str(number)})
            counting.cancel()
        assert turns > (count - 2 * BURST_EVENTS) / EVENTS_PER_TURN

    async def test_what_waits_is_given_back_when_the_client_leaves(
        self, service: EchoService
    ) -> None:
        async with listening(service) as listener:
            pool = listener._context.inbox_pool
            async with peer(listener.port) as client:
                await start_work(service, client)
                await client.send(Event("later", payload=bytes(inbox_module.OWN_BYTES + 1000)))
                await eventually(lambda: pool.used_bytes >= 1000)
            await eventually(lambda: not listener._connections)
            assert pool.used_bytes == 0

    async def test_info_is_encoded_only_when_it_changes(
        self, service: EchoService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        encoded: list[Event] = []

        def counting(event: Event) -> bytes:
            encoded.append(event)
            return encode(event)

        monkeypatch.setattr(server_context, "encode", counting)
        info = service.info()
        monkeypatch.setattr(service, "info", lambda: info)
        async with listening(service) as listener:
            for _ in range(3):
                async with peer(listener.port) as client:
                    await client.send(Describe().event())
                    assert (await client.next()) == info
        assert encoded == [info]

    async def test_select_program(self, service: EchoService) -> None:
        async with listening(service) as listener:
            async with peer(listener.port) as client:
                await client.send(SelectProgram("echo").event(), Ping("on").event())
                assert await client.next() == Event("pong", {"text": "on"})
            async with peer(listener.port) as client:
                await client.send(SelectProgram("other").event())
                error, closing_events = await client.rest()
        assert error.data["code"] == "unknown-program"
        assert "echo" in error.data["text"]
        assert closing_events.type == "closing"

    async def test_backpressure_stops_the_session(self, service: EchoService) -> None:
        limits = ConnectionLimits(write_s=0.2)
        async with listening(service, limits=limits) as listener, peer(listener.port) as client:
            client.writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_RCVBUF, 4096
            )
            client.reader._transport.pause_reading()  # type: ignore[attr-defined]
            await client.send(Event("flood"))
            # The deadline of unread replies ends the connection, and with it the flood.
            await eventually(lambda: not listener._connections)


class TestMalformed:
    """Each row of the library's weakness table is answered, and then the connection ends."""

    @pytest.mark.parametrize(
        ("raw", "code"),
        [
            (b"hello\n", "malformed-event"),
            (b"\n", "malformed-event"),
            (b"[1]\n", "malformed-event"),
            (b"{}\n", "malformed-event"),
            (b'{"type": "t", "data_length": "5"}\n', "malformed-event"),
            (b'{"type": "t", "payload_length": -5}\n', "malformed-event"),
            (b'{"type": "t", "payload_length": 1000000000000}\n', "too-large"),
            (b'{"type": "t", "data_length": 1000000000000}\n', "too-large"),
            (b"{" + b"x" * 5000, "too-large"),
            (b'{"type": "t", "data_length": 2}\n[]', "malformed-event"),
            (b'{"type": "t", "data":' + b"[" * 2000 + b"\n", "malformed-event"),
            (b'{"type": "ping", "data": {"text": 5}}\n', "malformed-event"),
            (b'{"type": "select-program"}\n', "malformed-event"),
            (b'{"type": "raise"}\n', "internal"),
        ],
    )
    async def test_error_then_close(self, service: EchoService, raw: bytes, code: str) -> None:
        async with listening(service, limits=SMALL) as listener, peer(listener.port) as client:
            await client.send_raw(raw)
            got = await client.rest()
        assert [event.type for event in got] == ["error", "closing"]
        assert got[0].data["code"] == code
        assert got[0].data["text"]

    async def test_bad_event_after_good_ones(self, service: EchoService) -> None:
        async with listening(service, limits=SMALL) as listener, peer(listener.port) as client:
            await client.send(Event("one"))
            assert (await client.next()).type == "echo"  # type: ignore[union-attr]
            await client.send_raw(b"garbage\n")
            assert [event.type for event in await client.rest()] == ["error", "closing"]

    async def test_error_survives_what_the_client_still_sends(self, service: EchoService) -> None:
        async with listening(service, limits=SMALL) as listener, peer(listener.port) as client:
            await client.send_raw(b"garbage\n")
            await eventually(lambda: bool(service.sessions))
            for _ in range(50):
                await client.send(Event("audio-chunk", payload=b"\0" * 320))
            assert (await client.rest())[0].data["code"] == "malformed-event"

    async def test_truncated_payload_then_half_close(self, service: EchoService) -> None:
        async with listening(service, limits=SMALL) as listener, peer(listener.port) as client:
            await client.send_raw(encode(Event("t", payload=b"12345"))[:-2])
            client.writer.write_eof()
            assert (await client.rest())[0].data["code"] == "malformed-event"

    async def test_errors_are_counted(self, service: EchoService) -> None:
        metrics = Metrics()
        async with listening(service, metrics=metrics) as listener, peer(listener.port) as client:
            await client.send_raw(b"garbage\n")
            await client.rest()
        assert b'voice_stack_errors_total{code="malformed-event"} 1.0' in metrics.render()


class TestDeadlines:
    async def test_idle(self, service: EchoService) -> None:
        async with listening(service) as listener, peer(listener.port) as client:
            await client.send(Event("open"))
            await client.next()
            set_idle_limit(listener, 0.01)
            await client.send(Event("more"))
            assert [event.type for event in await client.rest()] == ["echo", "error", "closing"]

    async def test_idle_does_not_end_a_working_session(
        self, service: EchoService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = 0

        def pending(inbox: inbox_module.Inbox) -> bool:
            nonlocal asked
            asked += 1
            return bool(original.__get__(inbox))

        original = vars(inbox_module.Inbox)["pending"]
        async with listening(service) as listener, peer(listener.port) as client:
            await start_work(service, client)
            set_idle_limit(listener, 0.001)
            await client.send(Event("more"))
            # Each read deadline that passes asks whether the session is at work.
            monkeypatch.setattr(inbox_module.Inbox, "pending", property(pending))
            await eventually(lambda: asked > 20)
            assert len(listener._connections) == 1
            assert not service.sessions[0].cancelled.is_set()

    async def test_half_an_event(self, service: EchoService) -> None:
        limits = ConnectionLimits(read_s=0.05)
        async with listening(service, limits=limits) as listener, peer(listener.port) as client:
            await client.send_raw(b'{"type": "t", "payload_length": 5}\n12')
            assert (await client.rest())[0].data["code"] == "timeout"

    async def test_trickle_does_not_extend_the_deadline(self, service: EchoService) -> None:
        limits = ConnectionLimits(read_s=0.2)
        async with listening(service, limits=limits) as listener, peer(listener.port) as client:
            ended = asyncio.create_task(client.rest())
            sent = 0
            while not ended.done() and sent < 5000:
                await client.send_raw(b" " if sent else b"{")
                sent += 1
                await asyncio.wait({ended}, timeout=0.01)
            assert (await ended)[0].data["code"] == "timeout"


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


def test_events_are_json_lines() -> None:
    line, _, _ = encode(Describe().event()).partition(b"\n")
    assert json.loads(line)["type"] == "describe"
