from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncGenerator
from functools import partial

import pytest
from wyoming.event import Event
from wyoming.info import Describe, SelectProgram
from wyoming.ping import Ping

from tests.support.echo_work import SMALL, start_work
from tests.support.fakes import eventually
from tests.support.peers import EchoService, EchoSession, listening, peer
from wyoming_voice_stack.errors import ModelCorrupt
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
from wyoming_voice_stack.protocol.framing import encode
from wyoming_voice_stack.server.listener import Listener


def set_idle_limit(listener: Listener, idle_s: float) -> None:
    """Change the limit of open connections from the next read on."""
    for connection in listener._connections.values():
        connection._timed._limits = ConnectionLimits(idle_s=idle_s)


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
            (b'{"type": "ping", "data": {"text": []}}\n', "malformed-event"),
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

    @pytest.mark.parametrize(
        ("error", "code", "text"),
        [
            (
                ModelCorrupt("The model in /models/tiny cannot be loaded."),
                "model-corrupt",
                "The model in tiny cannot be loaded.",
            ),
            (
                MemoryError(),
                "out-of-memory",
                "The server has not enough memory for this; give it more memory.",
            ),
        ],
    )
    async def test_what_the_client_learns_of_a_failure(
        self,
        service: EchoService,
        monkeypatch: pytest.MonkeyPatch,
        error: Exception,
        code: str,
        text: str,
    ) -> None:
        """Never where files are on the server."""

        async def fail(_session: EchoSession, _event: Event) -> AsyncGenerator[Event, None]:
            raise error
            yield

        monkeypatch.setattr(EchoSession, "handle", fail)
        async with listening(service) as listener, peer(listener.port) as client:
            await client.send(Event("a"))
            [got, _] = await client.rest()
        assert got.data == {"text": text, "code": code}

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


def test_events_are_json_lines() -> None:
    line, _, _ = encode(Describe().event()).partition(b"\n")
    assert json.loads(line)["type"] == "describe"
