"""Connections that have not said yet what they want are bounded, and no address displaces the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.fakes import eventually
from tests.support.virtual_time import run_in_virtual_time
from wyoming_voice_stack.server.bounded_connections import BoundedConnections


class FakeTransport(asyncio.Transport):
    """A connection of an address."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.aborted = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return (self.address, 1) if name == "peername" else default

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


async def test_the_oldest_gives_way() -> None:
    bounded = BoundedConnections(3, 60.0)
    some = [FakeTransport("192.168.1.2") for _ in range(5)]
    for one in some:
        bounded.add(one)
    assert [one.aborted for one in some] == [True, True, False, False, False]
    assert len(bounded) == 3
    bounded.close()
    assert all(one.aborted for one in some)


async def test_an_address_with_many_displaces_only_itself() -> None:
    bounded = BoundedConnections(3, 60.0)
    patient = FakeTransport("192.168.1.3")
    bounded.add(patient)
    flood = [FakeTransport("192.168.1.2") for _ in range(100)]
    for one in flood:
        bounded.add(one)
    assert not patient.aborted
    assert [one.aborted for one in flood] == [True] * 98 + [False] * 2
    newcomer = FakeTransport("192.168.1.4")
    bounded.add(newcomer)
    assert flood[98].aborted
    assert not newcomer.aborted
    bounded.close()


async def test_an_ended_connection_takes_no_place() -> None:
    bounded = BoundedConnections(2, 60.0)
    gone, here, new = (FakeTransport("192.168.1.2") for _ in range(3))
    for one in (gone, here):
        bounded.add(one)
    gone.abort()
    bounded.add(new)
    assert not here.aborted
    bounded.close()


async def test_a_connection_ends_at_its_age() -> None:
    bounded = BoundedConnections(2, 0.01)
    one = FakeTransport("192.168.1.2")
    bounded.add(one)
    await eventually(lambda: one.aborted)
    assert len(bounded) == 0


async def test_a_removed_connection_stays_open() -> None:
    bounded = BoundedConnections(2, 60.0)
    one = FakeTransport("192.168.1.2")
    bounded.add(one)
    bounded.remove(one)
    assert one not in bounded
    bounded.close()
    assert not one.aborted


def test_each_connection_ends_at_its_own_age() -> None:
    first, again, removed = (FakeTransport("192.168.1.2") for _ in range(3))

    async def pass_by(_: Callable[[], float]) -> list[list[bool]]:
        bounded = BoundedConnections(5, 60.0)
        seen: list[list[bool]] = []

        async def look_at(seconds: float) -> None:
            await asyncio.sleep(seconds - asyncio.get_running_loop().time())
            seen.append([one.aborted for one in (first, again, removed)])

        bounded.add(first)
        await look_at(20)
        bounded.add(again)
        bounded.add(removed)
        await look_at(40)
        bounded.add(again)
        bounded.remove(removed)
        for seconds in (59, 61, 99, 101):
            await look_at(seconds)
        bounded.close()
        return seen

    seen = run_in_virtual_time(pass_by)
    assert seen[:3] == [[False, False, False]] * 3
    assert seen[3:] == [[True, False, False]] * 2 + [[True, True, False]]


async def test_connections_that_come_and_go_need_one_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    timers: list[float] = []
    call_at = loop.call_at

    def counted(when: float, *call: Any, **more: Any) -> asyncio.TimerHandle:
        timers.append(when)
        return call_at(when, *call, **more)

    monkeypatch.setattr(loop, "call_at", counted)
    bounded = BoundedConnections(5, 60.0)
    for _ in range(100):
        one = FakeTransport("192.168.1.2")
        bounded.add(one)
        bounded.remove(one)
    assert len(timers) == 1
    bounded.close()
