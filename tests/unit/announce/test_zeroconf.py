from __future__ import annotations

import asyncio
import logging
import socket
import threading
from pathlib import Path

import pytest
from zeroconf import ServiceStateChange

from tests.support.fake_servers.network import (
    LOOPBACK,
    PATIENCE_S,
    Observer,
    announcer,
    discovered,
    port_shared_with_others,
    running,
    unique_name,
)
from wyoming_voice_stack.announce.addresses import lan_addresses
from wyoming_voice_stack.announce.discovery import discover
from wyoming_voice_stack.announce.zeroconf import (
    MAX_NAME_BYTES,
    PROBE_S,
    Announcer,
    default_instance_name,
)
from wyoming_voice_stack.errors import VoiceStackError

NOT_OF_THIS_MACHINE = "203.0.113.7"


def open_sockets() -> list[str]:
    links = [link for link in Path("/proc/self/fd").iterdir() if link.is_socket()]
    return sorted(str(link.readlink()) for link in links)


def own_threads() -> set[str]:
    """All but those of the loop's executor, which belong to the loop."""
    names = {thread.name for thread in threading.enumerate()}
    return {name for name in names if not name.startswith("asyncio_")}


class TestNames:
    def test_stable_and_of_the_mode(self) -> None:
        name = default_instance_name("asr")
        assert name == default_instance_name("asr")
        assert name != default_instance_name("tts")
        assert socket.gethostname().partition(".")[0] in name
        assert "." not in name

    @pytest.mark.parametrize("name", ["Küche v1.2\n\0", "ü" * 200, "..."])
    async def test_any_name_can_be_announced(self, name: str) -> None:
        wished = f"{unique_name()} {name}"
        async with running(announcer(wished)) as announced:
            assert len(announced.encode()) <= MAX_NAME_BYTES
            assert "." not in announced
            assert announced[:17] == wished[:17]


class TestAnnouncing:
    async def test_found_by_discover(self) -> None:
        wished = unique_name()
        addresses = ("192.168.1.5", "10.0.0.9", "fd00::5")
        async with running(announcer(wished, addresses)) as name:
            assert name == wished
            (server,) = await discovered(name, 1)
        assert server.port == 5001
        assert set(server.addresses) == set(addresses)
        assert server.addresses[-1] == "fd00::5"
        assert server.host == server.addresses[0]

    async def test_real_addresses_over_real_interfaces(self) -> None:
        addresses = lan_addresses(None)
        one = Announcer(instance_name=unique_name(), port=5002, bind_host=None)
        await one.start()
        try:
            if addresses:
                name = await asyncio.wait_for(one.announced(), PATIENCE_S)
                found = await discovered(name, 1, interfaces=None)
                assert {each.name: set(each.addresses) for each in found} == {name: set(addresses)}
        finally:
            await one.stop()

    async def test_goodbye_is_seen(self) -> None:
        name = unique_name()
        async with Observer.of(name) as observer:
            async with running(announcer(name)):
                assert await observer.next() == (ServiceStateChange.Added, name)
                assert await observer.resolve(name) == (["192.168.1.5"], 5001)
            assert await observer.next() == (ServiceStateChange.Removed, name)

    async def test_taken_name_gets_a_number(self, caplog: pytest.LogCaptureFixture) -> None:
        name = unique_name()
        first = announcer(name, ("10.0.0.1",))
        second = announcer(name, ("10.0.0.2",), probe_s=PROBE_S)
        async with port_shared_with_others(), running(first) as one, running(second) as other:
            assert (one, other) == (name, f"{name}-2")
            mine = {each.name: each.addresses for each in await discovered(name, 2)}
        assert mine == {name: ("10.0.0.1",), f"{name}-2": ("10.0.0.2",)}
        assert f"using '{name}-2'" in caplog.text

    async def test_a_name_that_is_free_again_is_taken_back(self) -> None:
        name = unique_name()
        first = announcer(name, ("10.0.0.1",))
        second = announcer(name, ("10.0.0.2",), refresh_s=0.05, probe_s=PROBE_S, own_name_s=0.0)
        async with Observer.of(name) as observer, running(first) as one, running(second) as other:
            assert (one, other) == (name, f"{name}-2")
            seen = [await observer.next(), await observer.next()]
            assert seen == [(ServiceStateChange.Added, each) for each in (one, other)]
            await first.stop()
            expected = {
                (ServiceStateChange.Removed, name),
                (ServiceStateChange.Removed, f"{name}-2"),
                (ServiceStateChange.Added, name),
            }
            assert {await observer.next() for _ in range(3)} == expected
            assert await observer.resolve(name) == (["10.0.0.2"], 5001)

    async def test_addresses_are_followed(self) -> None:
        name = unique_name()
        addresses: list[tuple[str, ...]] = [("10.0.0.1", "fd00::1")]
        one = announcer(name, read_addresses=lambda: addresses[0], refresh_s=0.02)
        async with Observer.of(name) as observer, running(one):
            assert await observer.next() == (ServiceStateChange.Added, name)
            assert await observer.resolve(name) == (["10.0.0.1", "fd00::1"], 5001)
            addresses[0] = ("10.0.0.2",)
            assert await observer.next() == (ServiceStateChange.Removed, name)
            assert await observer.next() == (ServiceStateChange.Added, name)
            assert await observer.resolve(name) == (["10.0.0.2"], 5001)
            addresses[0] = ()
            assert await observer.next() == (ServiceStateChange.Removed, name)

    async def test_address_that_comes_after_the_start(self) -> None:
        name = unique_name()
        reads = Reads([(), (), ("10.0.0.1",)])
        late = announcer(name, read_addresses=reads, refresh_s=0.02)
        async with Observer.of(name) as observer, running(late):
            assert await observer.next() == (ServiceStateChange.Added, name)
            assert await observer.resolve(name) == (["10.0.0.1"], 5001)


class Reads:
    """Gives the answers one after the other, then the last one for ever; an exception is raised."""

    def __init__(self, answers: list[tuple[str, ...] | Exception]) -> None:
        self._answers = answers
        self._loop = asyncio.get_running_loop()
        self.all_given = asyncio.Event()

    def __call__(self) -> tuple[str, ...]:
        answer = self._answers[0]
        if len(self._answers) > 1:
            del self._answers[0]
        else:
            self._loop.call_soon_threadsafe(self.all_given.set)
        if isinstance(answer, Exception):
            raise answer
        return answer


class TestTrouble:
    async def test_without_multicast_one_warning_and_a_retry(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        nowhere = (NOT_OF_THIS_MACHINE,)
        reads = Reads([nowhere, nowhere, nowhere, ("127.0.0.1",)])
        one = Announcer(
            instance_name=unique_name(),
            port=5001,
            bind_host=None,
            refresh_s=0.02,
            read_addresses=reads,
        )
        async with running(one) as name:
            pass
        warnings = [each for each in caplog.records if each.levelno >= logging.WARNING]
        assert [each.name for each in warnings] == ["wyoming_voice_stack.announce.zeroconf"]
        for part in ("cannot be announced", "by its address and port 5001", "ZEROCONF=false"):
            assert part in warnings[0].getMessage()
        assert f"Announced as '{name}'" in caplog.text

    async def test_interfaces_that_cannot_be_read(self, caplog: pytest.LogCaptureFixture) -> None:
        reads = Reads([OSError("no interfaces"), OSError("no interfaces"), ("10.0.0.1",)])
        async with running(announcer(unique_name(), read_addresses=reads, refresh_s=0.02)):
            pass
        assert caplog.text.count("no interfaces") == 1

    async def test_loopback_server_is_never_announced(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "wyoming_voice_stack")
        reads = Reads([(), (), ()])
        one = announcer(unique_name(), read_addresses=reads, refresh_s=0.02)
        await one.start()
        await asyncio.wait_for(reads.all_given.wait(), PATIENCE_S)
        await one.stop()
        assert [each.levelno for each in caplog.records] == [logging.INFO]

    async def test_discover_without_multicast(self) -> None:
        with pytest.raises(VoiceStackError, match="Cannot search the network for servers"):
            await discover(0.1, interfaces=[])


class TestStopping:
    async def test_nothing_is_left(self) -> None:
        sockets, threads = open_sockets(), own_threads()
        async with running(announcer(unique_name())):
            assert len(open_sockets()) > len(sockets)
        await discover(0.01, interfaces=LOOPBACK)
        await asyncio.sleep(0)
        assert open_sockets() == sockets
        assert own_threads() == threads
        assert asyncio.all_tasks() == {asyncio.current_task()}

    @pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 10, 50])
    async def test_at_any_moment_of_the_start(self, turns: int) -> None:
        sockets = open_sockets()
        one = announcer(unique_name())
        await one.start()
        for _ in range(turns):
            await asyncio.sleep(0)
        await one.stop()
        await asyncio.sleep(0)
        assert open_sockets() == sockets
        assert asyncio.all_tasks() == {asyncio.current_task()}

    async def test_twice_and_without_a_start(self) -> None:
        one = announcer(unique_name())
        await one.stop()
        async with running(one):
            await one.start()
        await one.stop()
