"""The announcer of servers in containers, against scripted answers and a real server."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections.abc import Callable
from functools import partial

import pytest
from zeroconf import ServiceStateChange

from tests.support.fake_servers.network import LOOPBACK, PATIENCE_S, Observer, unique_name
from tests.support.fake_servers.one_answer import answering
from wyoming_voice_stack.announce import published_ports
from wyoming_voice_stack.announce.health_client import read_health
from wyoming_voice_stack.announce.published_ports import (
    MAX_MISSES,
    PublishedPort,
    announce_ports,
    served_mode,
)
from wyoming_voice_stack.announce.zeroconf import Announcer, default_instance_name

HOME, OTHER = "192.168.1.5", "10.0.0.9"
LOGGER = "wyoming_voice_stack"


class Machine:
    """What answers at each address; each entry of `rounds` is one check, and the last one stays."""

    def __init__(self, *rounds: dict[str, str], addresses: tuple[str, ...] = (HOME, OTHER)) -> None:
        self.rounds = list(rounds)
        self._addresses = addresses
        self.answering = self.rounds[0]

    def local_addresses(self) -> tuple[str, ...]:
        self.answering = self.rounds.pop(0) if len(self.rounds) > 1 else self.rounds[0]
        return self._addresses

    def served_mode(self, host: str, port: int) -> str | None:
        assert port == 5001
        return self.answering.get(host)


class RecordedAnnouncer:
    """Instead of multicast: the names, and the addresses at the start and at the end."""

    def __init__(self, calls: list[tuple[str, ...]], **arguments: object) -> None:
        self._calls = calls
        self._name = str(arguments["instance_name"])
        self._read: Callable[[], tuple[str, ...]] = arguments["read_addresses"]  # type: ignore[assignment]
        assert arguments["port"] == 5001

    async def start(self) -> None:
        self._calls.append(("start", self._name, *self._read()))

    async def stop(self) -> None:
        self._calls.append(("stop", self._name))


async def announcements(machine: Machine, checks: int) -> list[tuple[str, ...]]:
    """The calls to announcers in a number of checks, without time between them."""
    calls: list[tuple[str, ...]] = []
    port = PublishedPort(
        5001,
        local_addresses=machine.local_addresses,
        served_mode=machine.served_mode,
        make_announcer=partial(RecordedAnnouncer, calls),  # type: ignore[arg-type]
    )
    for _ in range(checks):
        await port._check()
    await port.stop()
    return calls


ASR, TTS = default_instance_name("asr"), default_instance_name("tts")


class TestWhatIsAnnounced:
    async def test_only_addresses_that_answer(self) -> None:
        assert await announcements(Machine({HOME: "asr"}), 1) == [
            ("start", ASR, HOME),
            ("stop", ASR),
        ]

    async def test_nothing_until_a_server_answers(self) -> None:
        machine = Machine({}, {}, {HOME: "tts", OTHER: "tts"})
        assert await announcements(machine, 3) == [("start", TTS, HOME, OTHER), ("stop", TTS)]

    async def test_one_failed_check_changes_nothing(self) -> None:
        up = {HOME: "asr"}
        assert MAX_MISSES == 2
        assert await announcements(Machine(up, {}, up, {}, up), 5) == [
            ("start", ASR, HOME),
            ("stop", ASR),
        ]

    async def test_a_server_that_is_gone_is_withdrawn_once(self) -> None:
        machine = Machine({HOME: "asr"}, *({},) * MAX_MISSES, {}, {HOME: "asr"})
        assert await announcements(machine, MAX_MISSES + 3) == [
            ("start", ASR, HOME),
            ("stop", ASR),
            ("start", ASR, HOME),
            ("stop", ASR),
        ]

    async def test_another_kind_of_server_at_the_port(self) -> None:
        machine = Machine({HOME: "asr"}, {HOME: "tts"})
        assert await announcements(machine, 2) == [
            ("start", ASR, HOME),
            ("stop", ASR),
            ("start", TTS, HOME),
            ("stop", TTS),
        ]

    async def test_a_port_that_only_this_machine_reaches(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, LOGGER)
        assert await announcements(Machine({"127.0.0.1": "asr"}), 3) == []
        [line] = caplog.messages
        assert "port 5001 answers on this machine only" in line

    async def test_absence_is_logged_once(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, LOGGER)
        assert await announcements(Machine({}), 3) == []
        assert caplog.messages == [
            "No server answers at port 5001; it is announced as soon as one does"
        ]

    async def test_addresses_that_cannot_be_read(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, LOGGER)
        machine = Machine({HOME: "asr"})
        failures = [OSError("no interfaces")]

        def local_addresses() -> tuple[str, ...]:
            if failures:
                raise failures.pop()
            return machine.local_addresses()

        port = PublishedPort(
            5001,
            local_addresses=local_addresses,
            served_mode=machine.served_mode,
            make_announcer=partial(RecordedAnnouncer, calls := []),  # type: ignore[arg-type, var-annotated]
        )
        await port._check()
        await port._check()
        await port.stop()
        assert calls == [("start", ASR, HOME), ("stop", ASR)]
        assert "no interfaces" in caplog.messages[0]


async def test_on_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    name = unique_name()
    monkeypatch.setattr(published_ports, "default_instance_name", lambda mode: f"{name}-{mode}")
    machine = Machine({HOME: "asr", OTHER: "asr"})
    port = PublishedPort(
        5001,
        check_s=0.02,
        local_addresses=machine.local_addresses,
        served_mode=machine.served_mode,
        make_announcer=partial(_on_loopback, Announcer),
    )
    async with Observer.of(name) as observer:
        await port.start()
        try:
            assert await observer.next() == (ServiceStateChange.Added, f"{name}-asr")
            assert await observer.resolve(f"{name}-asr") == ([OTHER, HOME], 5001)
            machine.rounds = [{OTHER: "asr"}]
            assert await observer.next() == (ServiceStateChange.Removed, f"{name}-asr")
            assert await observer.next() == (ServiceStateChange.Added, f"{name}-asr")
            assert await observer.resolve(f"{name}-asr") == ([OTHER], 5001)
            machine.rounds = [{}]
            assert await observer.next() == (ServiceStateChange.Removed, f"{name}-asr")
        finally:
            await port.stop()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


def _on_loopback(announcer: type[Announcer], **arguments: object) -> Announcer:
    return announcer(**arguments, interfaces=LOOPBACK, probe_s=0.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_ends_with_a_signal(number: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    started: asyncio.Queue[int] = asyncio.Queue()
    stopped = []

    class Recorded(PublishedPort):
        def __init__(self, port: int) -> None:
            super().__init__(port)
            self.number = port

        async def start(self) -> None:
            started.put_nowait(self.number)

        async def stop(self) -> None:
            stopped.append(self.number)

    monkeypatch.setattr(published_ports, "PublishedPort", Recorded)
    announcing = asyncio.create_task(announce_ports([5001, 5002, 5001]))
    async with asyncio.timeout(PATIENCE_S):
        assert [await started.get(), await started.get()] == [5001, 5002]
        os.kill(os.getpid(), number)
        await announcing
    assert started.empty()
    assert stopped == [5001, 5002]


class TestHealth:
    @pytest.mark.parametrize("status", [200, 503])
    @pytest.mark.parametrize("mode", ["asr", "tts"])
    def test_a_server_that_loads_or_has_failed_is_one(self, mode: str, status: int) -> None:
        with answering(json.dumps({"mode": mode}).encode(), status) as port:
            assert served_mode("127.0.0.1", port) == mode

    @pytest.mark.parametrize(
        "body", [b"", b"<html>", b"[]", b'{"mode": "other"}', b'{"mode": []}', b"[" * 60000]
    )
    def test_another_program(self, body: bytes) -> None:
        with answering(body) as port:
            assert served_mode("127.0.0.1", port) is None

    def test_no_program(self) -> None:
        with answering(b"") as port:
            pass
        assert read_health("127.0.0.1", port, timeout_s=1.0) == {}
