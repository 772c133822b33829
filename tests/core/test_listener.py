from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_network

import aiohttp
import pytest
from wyoming.event import Event
from wyoming.info import Describe

from tests.fakes import EchoService, eventually, listening, peer
from wyoming_voice_stack import __version__
from wyoming_voice_stack.core import listener as listener_module
from wyoming_voice_stack.core.connection import ConnectionLimits
from wyoming_voice_stack.errors import ConfigError


@pytest.fixture
def service() -> EchoService:
    return EchoService()


class TestHttp:
    async def test_health_ready_and_metrics(self, service: EchoService) -> None:
        async with listening(service) as listener, aiohttp.ClientSession() as http:
            base = f"http://127.0.0.1:{listener.port}"
            async with http.get(f"{base}/health") as answer:
                assert answer.status == 200
                assert await answer.json() == {
                    "status": "ok",
                    "mode": "asr",
                    "model": "fake",
                    "device": "cpu",
                    "state": "ready",
                    "detail": "",
                    "version": __version__,
                }
            async with http.get(f"{base}/ready") as answer:
                assert answer.status == 200
            async with http.get(f"{base}/metrics") as answer:
                assert "voice_stack_stop_to_text_seconds_bucket" in await answer.text()
            async with http.get(f"{base}/nothing") as answer:
                assert answer.status == 404

    @pytest.mark.parametrize(
        ("state", "health", "ready"),
        [("ready", 200, 200), ("loading", 200, 503), ("idle", 200, 503), ("failed", 503, 503)],
    )
    async def test_states(self, service: EchoService, state: str, health: int, ready: int) -> None:
        service.state = state
        async with listening(service) as listener, aiohttp.ClientSession() as http:
            base = f"http://127.0.0.1:{listener.port}"
            async with http.get(f"{base}/health") as answer:
                assert answer.status == health
                assert (await answer.json())["status"] == ("ok" if health == 200 else "unavailable")
            async with http.get(f"{base}/ready") as answer:
                assert answer.status == ready

    async def test_garbage_in_upper_case_is_a_bad_request(self, service: EchoService) -> None:
        async with listening(service) as listener, peer(listener.port) as client:
            await client.send_raw(b"GARBAGE\r\n\r\n")
            answer = await client.reader.read(100)
        assert answer.startswith(b"HTTP/1.") and b" 400 " in answer

    async def test_request_in_single_bytes(self, service: EchoService) -> None:
        async with listening(service) as listener, peer(listener.port) as client:
            for byte in b"GET /health HTTP/1.0\r\n\r\n":
                await client.send_raw(bytes([byte]))
            assert b" 200 " in await client.reader.read(100)

    async def test_observable_when_the_house_is_full(self, service: EchoService) -> None:
        async with (
            listening(service, max_connections=1) as listener,
            peer(listener.port) as first,
            aiohttp.ClientSession() as http,
        ):
            await first.send(Event("open"))
            await first.next()
            async with http.get(f"http://127.0.0.1:{listener.port}/health") as answer:
                assert answer.status == 200


class TestAdmission:
    async def test_one_too_many_is_told_so(self, service: EchoService) -> None:
        async with listening(service, max_connections=1) as listener, peer(listener.port) as first:
            await first.send(Event("open"))
            await first.next()
            async with peer(listener.port) as second:
                await second.send(Describe().event())
                [error] = await second.rest()
                assert error.data["code"] == "busy"
            await first.close()
            await eventually(lambda: not listener._connections)
            async with peer(listener.port) as third:
                await third.send(Describe().event())
                assert (await third.next()).type == "info"  # type: ignore[union-attr]

    async def test_allowed_clients(self, service: EchoService) -> None:
        elsewhere = (ip_network("10.11.12.0/24"),)
        async with (
            listening(service, allowed_clients=elsewhere) as listener,
            peer(listener.port) as client,
        ):
            assert await client.rest() == []
        here = (ip_network("127.0.0.0/8"),)
        async with (
            listening(service, allowed_clients=here) as listener,
            peer(listener.port) as client,
        ):
            await client.send(Describe().event())
            assert (await client.next()).type == "info"  # type: ignore[union-attr]

    async def test_mapped_addresses_are_ipv4(self, service: EchoService) -> None:
        here = (ip_network("127.0.0.0/8"),)
        async with (
            listening(service, host=None, allowed_clients=here) as listener,  # type: ignore[arg-type]
            peer(listener.port) as client,
        ):
            await client.send(Describe().event())
            assert (await client.next()).type == "info"  # type: ignore[union-attr]

    async def test_listens_on_ipv6_too(self, service: EchoService) -> None:
        async with listening(service, host=None) as listener:  # type: ignore[arg-type]
            _, writer = await asyncio.open_connection("::1", listener.port)
            writer.close()
            await writer.wait_closed()

    async def test_silent_connection_is_dropped(self, service: EchoService) -> None:
        limits = ConnectionLimits(idle_s=0.05)
        async with listening(service, limits=limits) as listener, peer(listener.port) as client:
            assert await client.rest() == []

    async def test_silent_connections_are_bounded(
        self, service: EchoService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(listener_module, "FIRST_BYTE_CONNECTIONS", 2)
        async with listening(service) as listener, peer(listener.port) as oldest:
            await eventually(lambda: len(listener._undecided) == 1)
            async with peer(listener.port), peer(listener.port) as youngest:
                assert await oldest.rest() == []
                await youngest.send(Describe().event())
                assert (await youngest.next()).type == "info"  # type: ignore[union-attr]

    async def test_five_hundred_connections(self, service: EchoService) -> None:
        async with listening(service, max_connections=100) as listener:
            pairs = await asyncio.gather(
                *(asyncio.open_connection("127.0.0.1", listener.port) for _ in range(500))
            )
            for _, writer in pairs:
                writer.write(b"{")
            await eventually(lambda: len(listener._connections) == 100)
            assert len(service.sessions) == 100
            for _, writer in pairs:
                writer.transport.abort()
            await eventually(lambda: not listener._connections)


async def test_port_in_use_is_a_clear_error(service: EchoService) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with listening(service) as listener:
            with pytest.raises(ConfigError, match=str(port)):
                await listener.start("127.0.0.1", port)
