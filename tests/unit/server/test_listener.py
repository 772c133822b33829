from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from pathlib import Path
from unittest.mock import Mock

import aiohttp
import pytest
from wyoming.event import Event

from tests.support.fakes import eventually
from tests.support.peers import EchoService, listening, peer
from wyoming_voice_stack import __version__
from wyoming_voice_stack.errors import ConfigError
from wyoming_voice_stack.protocol.framing import encode
from wyoming_voice_stack.server.acceptor import BEGUN_PER_TURN
from wyoming_voice_stack.server.sockets import READ_BYTES, RECEIVE_BUFFER_BYTES

CROWD = 24
FLOOD = 256


SYSTEM_LIMIT = int(Path("/proc/sys/net/core/somaxconn").read_text())


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
                    "voice": "",
                    "language": "",
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
        assert answer.split()[1] == b"400"

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


@pytest.mark.parametrize("host", [None, "127.0.0.1"])
async def test_a_flood_of_connections_waits_in_the_system(service: EchoService, host: str) -> None:
    """None of them is dropped and repeated after a second, though the server accepts none now."""
    async with listening(service, host=host) as listener:
        with contextlib.ExitStack() as stack:
            for _ in range(min(FLOOD, SYSTEM_LIMIT)):
                # Not in the event loop, which has no turn meanwhile.
                address = ("127.0.0.1", listener.port)
                stack.enter_context(socket.create_connection(address, timeout=0.5))


async def test_few_connections_begin_in_a_turn(service: EchoService) -> None:
    """Those that begin together also end together, and the others wait for all of them."""
    async with listening(service) as listener:
        with contextlib.ExitStack() as stack:
            for _ in range(CROWD):
                address = ("127.0.0.1", listener.port)
                stack.enter_context(socket.create_connection(address, timeout=0.5))
            together = accepted = 0
            while accepted < CROWD:
                await asyncio.sleep(0)
                before, accepted = accepted, len(listener._awaiting_first_byte)
                together = max(together, accepted - before)
            assert together <= BEGUN_PER_TURN


async def test_a_turn_reads_little_of_a_connection(
    service: EchoService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(service) as listener, peer(listener.port) as client:
        await client.send(Event("open"))
        await client.next()
        [connection] = listener._connections.values()
        sizes: list[int] = []
        feed = connection._reader.feed_data

        def record(data: bytes) -> None:
            sizes.append(len(data))
            feed(data)

        monkeypatch.setattr(connection._reader, "feed_data", record)
        await client.send_raw(b'{"type": "t", "payload_length": 1000000}\n' + bytes(10**6))
        await client.next()
    assert sum(sizes) > 10**6
    assert max(sizes) <= READ_BYTES


async def test_the_server_does_not_read_far_ahead(service: EchoService) -> None:
    async with listening(service) as listener, peer(listener.port) as client:
        await client.send(Event("open"))
        await client.next()
        [connection] = listener._connections.values()
        reader = connection._reader
        await client.send(Event("wait"))
        sending = asyncio.create_task(
            client.send_raw(encode(Event("t", payload=bytes(50_000))) * 40)
        )
        await eventually(lambda: reader._paused)  # type: ignore[attr-defined]
        assert len(reader._buffer) <= 2 * READ_BYTES  # type: ignore[attr-defined]
        sending.cancel()
        await asyncio.wait({sending})


async def test_port_in_use_is_a_clear_error(service: EchoService) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with listening(service) as listener:
            with pytest.raises(ConfigError, match=str(port)):
                await listener.start("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.77", "no-such-host.invalid", "http://0.0.0.0"])
async def test_an_address_of_another_machine(service: EchoService, host: str) -> None:
    async with listening(service) as listener:
        with pytest.raises(ConfigError, match="set HOST to an address of this machine"):
            await listener.start(host, 0)


async def test_the_system_does_not_receive_far_ahead(service: EchoService) -> None:
    """Audio that it holds is processed even when its client has left."""
    async with listening(service) as listener, peer(listener.port) as client:
        await client.send(Event("open"))
        await client.next()
        [connection] = listener._connections.values()
        sock = connection._writer.get_extra_info("socket")
        # Linux reserves twice the requested size, for its own bookkeeping.
        reserved = 2 if sys.platform == "linux" else 1
        received_ahead = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        assert received_ahead == reserved * RECEIVE_BUFFER_BYTES


async def test_connection_that_was_accepted_just_before_the_end_is_not_served(
    service: EchoService,
) -> None:
    async with listening(service) as listener:
        listener.stop_accepting()
        for take_in in (listener.accept, lambda late: listener.hand_over(late, b"{")):
            late = Mock(spec=asyncio.Transport)
            take_in(late)
            late.abort.assert_called_once()
        assert not listener._connections
