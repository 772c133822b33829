"""Every attack ends in time, whatever the server does, and says what it has done."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress

import pytest
from wyoming.event import Event

from benchmarks.robustness import attack as attack_module
from benchmarks.robustness import attacker, requests
from benchmarks.robustness.attack import Attack, AttackRun, Service, carry_out
from benchmarks.robustness.attacker import attack_from_process
from benchmarks.robustness.attacks import heavy, http_bodies
from benchmarks.robustness.attacks.catalogue import ATTACKS, attack_named
from benchmarks.robustness.attacks.malformed import mutate
from tests.support.fakes import WAIT_SECONDS

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]
ATTACK_SECONDS = (0.1, 1.0, 10.0, 100.0)
TURNS_TO_ACCEPT = 10
"""More than asyncio takes from an accepted connection to its handler."""
HTTP = b"HTTP/1.0 403 Forbidden\r\nServer: nginx/1.2.3\r\n\r\n/app/models"


async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(65536):
        pass
    writer.close()


async def close_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    del reader
    writer.transport.abort()


async def answer_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    writer.write(HTTP)
    await writer.drain()
    writer.close()


SERVERS = (never_answer, close_at_once, answer_http)


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[int]:
    """Serve until the block and all connections have ended."""
    serving_now: set[asyncio.Task[None]] = set()

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving_now.add(task)
        try:
            with suppress(OSError):
                await serve(reader, writer)
        finally:
            writer.transport.abort()
            # A connection that was reset reports it here, or else when it is collected.
            with suppress(OSError):
                await writer.wait_closed()
            serving_now.discard(task)

    async with await asyncio.start_server(tracked, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        server.close()
        async with asyncio.timeout(WAIT_SECONDS):
            # A connection that has just been accepted begins its task some turns of the loop later.
            for _ in range(TURNS_TO_ACCEPT):
                await asyncio.sleep(0)
            while serving_now:
                await asyncio.wait(serving_now)


@pytest.fixture(autouse=True)
def no_speech(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Speech would need a voice; no server here listens to it."""

    def utterance(_seconds: float = 0.0) -> list[Event]:
        return [*requests.silence(1), requests.end_of_audio()]

    monkeypatch.setattr(requests, "utterance", utterance)
    monkeypatch.setattr(attack_module, "RECONNECT_S", 0.01)
    # Large events take longer to make than these attacks last.
    monkeypatch.setattr(heavy, "NAMES", 100)
    monkeypatch.setattr(heavy, "NUMBERS", 100)
    monkeypatch.setattr(http_bodies, "JSON_BYTES", 10_000)
    monkeypatch.setattr(http_bodies, "ITEMS", 100)
    monkeypatch.setattr(http_bodies, "FIELD_HEADER_BYTES", 10_000)
    for cached in (requests.short_request, requests.long_request):
        cached.cache_clear()
    yield
    for cached in (requests.short_request, requests.long_request):
        cached.cache_clear()


async def attacked(
    port: int,
    attack: Attack,
    service: Service = "asr",
    *,
    enough: Callable[[AttackRun], object] = lambda run: run.counts["connections"],
    source: str | None = None,
) -> AttackRun:
    """Attack for a short time, and on a slow machine for longer, until `enough` has happened."""
    for seconds in ATTACK_SECONDS:
        run = AttackRun("127.0.0.1", port, service, seconds=seconds, source=source)
        async with asyncio.timeout(seconds + WAIT_SECONDS):
            await carry_out(attack, run)
        if enough(run):
            break
    return run


@pytest.mark.parametrize("serve", SERVERS)
@pytest.mark.parametrize(
    ("attack", "service"),
    [
        pytest.param(attack, service, id=f"{attack.name}, {service}")
        for attack in ATTACKS[1:]
        for service in attack.services
    ],
)
async def test_an_attack_ends_in_time(attack: Attack, service: Service, serve: Serve) -> None:
    async with serving(serve) as port:
        run = await attacked(port, attack, service)
    assert run.counts["connections"] >= 1
    assert "connections" in run.summary()


async def test_a_server_that_is_gone_is_counted() -> None:
    async with serving(never_answer) as port:
        pass
    ping = attack_named("ping without pause")
    run = await attacked(port, ping, enough=lambda run: run.counts["not connected"])
    assert run.counts["not connected"] >= 1
    assert run.counts["connections"] == 0


async def test_attackers_come_from_the_given_address() -> None:
    peers: set[str] = set()

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.add(writer.get_extra_info("peername")[0])
        await never_answer(reader, writer)

    async with serving(note) as port:
        for name in ("connect and close", "ping without pause"):
            await attacked(port, attack_named(name), source="127.0.0.9")
    assert peers == {"127.0.0.9"}


async def test_what_http_tells() -> None:
    async with serving(answer_http) as port:
        run = AttackRun("127.0.0.1", port, "asr", seconds=WAIT_SECONDS)
        await carry_out(attack_named("HTTP of a foreign page"), run)
    assert run.facts == [
        *("foreign Host: HTTP/1.0 403", "foreign Origin: HTTP/1.0 403"),
        *("Server: nginx/1.2.3", "no paths in /health"),
    ]


def test_changes_are_the_same_each_time_and_different_each_turn() -> None:
    def changed(seed: int) -> list[bytes]:
        source = random.Random(seed)
        return [mutate(b'{"type": "ping"}\n', source) for _ in range(50)]

    assert changed(1) == changed(1) != changed(2)
    assert len(set(changed(1))) > 25


async def test_an_attack_in_a_process_of_its_own() -> None:
    async with serving(answer_http) as port:
        found = await attack_from_process(
            "HTTP of a foreign page", "asr", "127.0.0.1", port, 1.0, None
        )
    assert "foreign Host: HTTP/1.0 403" in found


async def test_an_attack_that_fails_says_why() -> None:
    found = await attack_from_process("no such attack", "asr", "127.0.0.1", 1, 1.0, None)
    assert "the attacker failed" in found
    assert "no such attack" in found


def test_an_attacker_may_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    monkeypatch.setattr(os, "nice", given.append)
    with pytest.raises(LookupError, match="no such attack"):
        attacker.main(["no such attack", "asr", "127.0.0.1", "1", "1.0", "19"])
    assert given == [19]


def test_names_are_different() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names)
