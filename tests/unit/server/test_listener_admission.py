"""Which clients the listener admits, and how many."""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
from ipaddress import ip_network
from pathlib import Path

import aiohttp
import pytest
from wyoming.event import Event
from wyoming.info import Describe
from wyoming.ping import Ping

from tests.support.fakes import eventually
from tests.support.peers import EchoService, listening, peer
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.connection import closing
from wyoming_voice_stack.protocol.connection.server_context import ConnectionLimits
from wyoming_voice_stack.server import admission as admission_module
from wyoming_voice_stack.server import listener as listener_module
from wyoming_voice_stack.server.admission import EXTRA_CONNECTIONS
from wyoming_voice_stack.server.allowed_clients import is_allowed
from wyoming_voice_stack.server.http_connections import RESTING_CONNECTIONS
from wyoming_voice_stack.server.sockets import (
    READ_BYTES,
    SEND_BUFFER_BYTES,
)

IPV6 = Path("/proc/net/if_inet6")


class TestAdmission:
    async def test_one_too_many_is_told_so(self, service: EchoService) -> None:
        async with listening(service, max_connections=1) as listener, peer(listener.port) as first:
            await first.send(Event("open"))
            await first.next()
            async with peer(listener.port) as second:
                await second.send(Describe().event(), Ping("still here").event())
                assert [(await second.next()).type for _ in range(2)] == ["info", "pong"]  # type: ignore[union-attr]
                await second.send(Event("open"))
                error, _ = await second.rest()
                assert error.data["code"] == "busy"
                assert "MAX_CONNECTIONS" in error.data["text"]
            await first.close()
            await eventually(lambda: not listener._connections)
            async with peer(listener.port) as third:
                await third.send(Describe().event())
                assert (await third.next()).type == "info"  # type: ignore[union-attr]

    async def test_busy_reaches_a_client_that_uploads(self, service: EchoService) -> None:
        async with listening(service, max_connections=1) as listener, peer(listener.port) as first:
            await first.send(Event("open"))
            await first.next()
            async with peer(listener.port) as second:
                await second.send(Event("audio-chunk", payload=bytes(3200)))
                # What comes after the refusal must not reset the connection under the error.
                for _ in range(20):
                    await second.send(Event("audio-chunk", payload=bytes(3200)))
                    await asyncio.sleep(0)
                error, _ = await second.rest()
                assert error.data["code"] == "busy"

    async def test_slow_requests_do_not_hide_the_health(self, service: EchoService) -> None:
        async with listening(service) as listener, contextlib.AsyncExitStack() as stack:
            for _ in range(RESTING_CONNECTIONS + 2):
                slow = await stack.enter_async_context(peer(listener.port))
                await slow.send_raw(b"GET /")
            http = await stack.enter_async_context(aiohttp.ClientSession())
            async with http.get(f"http://127.0.0.1:{listener.port}/health") as answer:
                assert answer.status == 200

    async def test_ended_requests_leave_nothing(self, service: EchoService) -> None:
        async with listening(service) as listener:
            for _ in range(50):
                async with aiohttp.ClientSession() as http:
                    url = f"http://127.0.0.1:{listener.port}/health"
                    async with http.get(url) as answer:
                        assert answer.status == 200
            assert listener._http_connections.resting < RESTING_CONNECTIONS

    @pytest.mark.parametrize(
        ("host", "expected"),
        [
            ("10.11.12.13", True),
            ("::ffff:10.11.12.13", True),
            ("2001:db8::1%eth0", True),
            ("10.11.13.1", False),
            ("2001:db9::1", False),
            # Health checks of the machine itself.
            ("127.0.0.1", True),
            ("::ffff:127.0.0.1", True),
            ("::1", True),
        ],
    )
    def test_allowed_clients(self, host: str, expected: bool) -> None:
        allowed = (ip_network("10.11.12.0/24"), ip_network("2001:db8::/64"))
        assert is_allowed((host, 50000), allowed) is expected
        assert is_allowed((host, 50000), ())

    def test_peer_without_an_address(self) -> None:
        assert not is_allowed(None, (ip_network("10.11.12.0/24"),))

    async def test_refused_client_is_told_why(
        self, service: EchoService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listener_module, "is_allowed", lambda *_: False)
        metrics = Metrics()
        async with listening(service, metrics=metrics) as listener:
            async with peer(listener.port) as client:
                await client.send(Describe().event())
                [error] = await client.rest()
            async with (
                aiohttp.ClientSession() as http,
                http.get(f"http://127.0.0.1:{listener.port}/health") as answer,
            ):
                assert answer.status == 403
                assert answer.headers["x-request-id"].startswith("req_")
                assert await answer.text() == f"{error.data['text']}\n"
        assert error.data["code"] == "not-allowed"
        assert "127.0.0.1 is not in ALLOWED_CLIENTS" in error.data["text"]
        assert not service.sessions
        assert 'refused_connections_total{code="not-allowed"} 2.0' in metrics.render().decode()

    @pytest.mark.parametrize(("pause_s", "reads"), [(3600.0, 1), (0.0, 16)])
    async def test_what_a_refused_client_still_sends_is_read_slowly(
        self, service: EchoService, monkeypatch: pytest.MonkeyPatch, pause_s: float, reads: int
    ) -> None:
        monkeypatch.setattr(listener_module, "is_allowed", lambda *_: False)
        monkeypatch.setattr(listener_module, "DISCARD_SECONDS", pause_s)
        counted: list[int] = []
        received = listener_module._FirstByte.data_received

        def count(protocol: listener_module._FirstByte, data: bytes) -> None:
            counted.append(len(data))
            received(protocol, data)

        monkeypatch.setattr(listener_module._FirstByte, "data_received", count)
        async with listening(service) as listener, peer(listener.port) as client:
            await client.send_raw(b"{")
            assert (await client.next()).type == "error"  # type: ignore[union-attr]
            del counted[:]
            sending = asyncio.create_task(client.send_raw(bytes(16 * READ_BYTES)))
            await eventually(lambda: len(counted) >= reads)
            for _ in range(100):
                await asyncio.sleep(0)
            assert len(counted) == reads or not pause_s
            sending.cancel()
            await asyncio.wait({sending})

    async def test_strangers_are_bounded(
        self, service: EchoService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listener_module, "is_allowed", lambda *_: False)
        monkeypatch.setattr(listener_module, "STRANGERS", 2)
        async with listening(service) as listener, peer(listener.port) as oldest:
            await eventually(lambda: len(listener._strangers) == 1)
            async with peer(listener.port), peer(listener.port):
                assert await oldest.rest() == []

    async def test_idle_connection_gives_way(
        self, service: EchoService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(admission_module, "IDLE_SECONDS", 0.0)
        async with (
            listening(service, max_connections=2) as listener,
            peer(listener.port) as half_sent,
            peer(listener.port) as silent,
        ):
            await half_sent.send_raw(b'{"type": ')
            await silent.send(Describe().event())
            await silent.next()
            async with peer(listener.port) as first, peer(listener.port) as second:
                for client in (first, second):
                    await client.send(Event("open"))
                    assert (await client.next()) == Event("echo", {"type": "open"})
                assert (await half_sent.rest())[0].data["code"] == "busy"
                assert (await silent.rest())[0].data["code"] == "busy"
                async with peer(listener.port) as third:
                    await third.send(Event("open"))
                    assert (await third.rest())[0].data["code"] == "busy"

    # Docker gives a container none unless it is asked to.
    @pytest.mark.skipif(not (IPV6.exists() and IPV6.read_text()), reason="no IPv6 on this machine")
    async def test_listens_on_ipv6_too(self, service: EchoService) -> None:
        async with listening(service, host=None) as listener:
            _, writer = await asyncio.open_connection("::1", listener.port)
            writer.close()
            await writer.wait_closed()

    @pytest.mark.parametrize("host", [None, "127.0.0.1"])
    async def test_events_do_not_wait_for_each_other(self, service: EchoService, host: str) -> None:
        """With Nagle's algorithm an event would wait until the one before is acknowledged."""
        async with listening(service, host=host) as listener, peer(listener.port) as client:
            await client.send(Describe().event())
            await client.next()
            [connection] = listener._connections.values()
            plain = connection._writer.get_extra_info("socket")
            assert plain.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            # Linux doubles the number, and enlarges a buffer without one while it is used.
            sent_ahead = plain.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
            assert sent_ahead in {SEND_BUFFER_BYTES, 2 * SEND_BUFFER_BYTES}
            assert plain.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            keepalive = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            assert [plain.getsockopt(socket.IPPROTO_TCP, option) for option in keepalive] == [
                60,
                15,
                4,
            ]

    @pytest.mark.parametrize("host", [None, "127.0.0.1"])
    async def test_no_connection_comes_before_the_options(
        self, service: EchoService, host: str | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It would keep the system's defaults as long as it lives."""
        prepared: list[int] = []

        def listen(one: socket.socket, backlog: int) -> None:
            prepared.append(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            super(socket.socket, one).listen(backlog)

        monkeypatch.setattr(socket.socket, "listen", listen)
        async with listening(service, host=host):
            assert prepared
            assert all(prepared)

    async def test_silent_connection_is_dropped(self, service: EchoService) -> None:
        limits = ConnectionLimits(idle_s=0.05)
        async with listening(service, limits=limits) as listener, peer(listener.port) as client:
            assert await client.rest() == []

    async def test_silent_connections_are_bounded(
        self, service: EchoService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listener_module, "FIRST_BYTE_CONNECTIONS", 2)
        async with listening(service) as listener, peer(listener.port) as oldest:
            await eventually(lambda: len(listener._awaiting_first_byte) == 1)
            async with peer(listener.port), peer(listener.port) as youngest:
                assert await oldest.rest() == []
                await youngest.send(Describe().event())
                assert (await youngest.next()).type == "info"  # type: ignore[union-attr]

    async def test_evicted_connections_are_bounded(
        self, service: EchoService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(admission_module, "IDLE_SECONDS", 0.0)
        monkeypatch.setattr(listener_module, "EVICTED_CONNECTIONS", 3)
        monkeypatch.setattr(closing, "CLOSING_SECONDS", 3600.0)
        async with (
            listening(service, max_connections=1) as listener,
            contextlib.AsyncExitStack() as stack,
        ):
            clients = [await stack.enter_async_context(peer(listener.port)) for _ in range(20)]
            for client in clients:
                # None of them reads, and none closes: each delays its end as long as it can.
                await client.send_raw(b"{")
            await eventually(lambda: len(service.sessions) == len(clients))
            await eventually(lambda: len(listener._connections) == 1 + 3)

    async def test_five_hundred_connections(
        self, service: EchoService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(admission_module, "IDLE_SECONDS", math.inf)
        async with listening(service, max_connections=100) as listener:

            async def opened() -> asyncio.StreamWriter:
                _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
                # At once: of those that have sent nothing, the listener keeps only some.
                writer.write(b"{")
                return writer

            writers = await asyncio.gather(*(opened() for _ in range(500)))
            await eventually(lambda: len(listener._admission) == 100 + EXTRA_CONNECTIONS)
            assert len(listener._connections) == 100 + EXTRA_CONNECTIONS
            for writer in writers:
                writer.transport.abort()
            await eventually(lambda: not listener._connections)
