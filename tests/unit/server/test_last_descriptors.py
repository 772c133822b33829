"""Which clients give way where the process has hardly any descriptors left."""

from __future__ import annotations

import resource
import socket
from collections import Counter
from typing import cast

import pytest
from wyoming.event import Event
from wyoming.ping import Ping

from tests.support.fakes import eventually
from tests.support.peers import EchoService, listening, peer
from wyoming_voice_stack.server import acceptor as acceptor_module
from wyoming_voice_stack.server.sockets import takes_reserved_descriptor


class TestLastDescriptors:
    """The process has only descriptors left that it needs for its files."""

    @pytest.fixture(autouse=True)
    def short(self, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
        """A system that is short of descriptors once "now" is counted."""
        short: Counter[str] = Counter()
        monkeypatch.setattr(
            acceptor_module, "takes_reserved_descriptor", lambda _: bool(short["now"])
        )
        return short

    async def test_who_gives_way(self, service: EchoService, short: Counter[str]) -> None:
        """First whoever has sent nothing, then an idle one; never one with a request."""
        async with (
            listening(service) as listener,
            peer(listener.port) as busy,
            peer(listener.port) as idle,
            peer(listener.port) as silent,
        ):
            await busy.send(Event("open"))
            await busy.next()
            await idle.send(Ping("a").event())
            await idle.next()
            await eventually(lambda: len(listener._awaiting_first_byte) == 1)
            short["now"] = 1
            async with peer(listener.port) as first:
                await first.send(Event("open"))
                await first.next()
                assert await silent.rest() == []
                async with peer(listener.port) as second:
                    await second.send(Event("open"))
                    await second.next()
                    error, _ = await idle.rest()
                    assert error.data["code"] == "busy"
                    await eventually(lambda: len(listener._connections) == 3)
                    async with peer(listener.port) as third:
                        [refused] = await third.rest()
                        assert "as many connections as it can open" in refused.data["text"]
                await busy.send(Event("close"))
                assert (await busy.next()).data["type"] == "close"  # type: ignore[union-attr]


def test_the_last_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    class Numbered:
        def __init__(self, number: int) -> None:
            self._number = number

        def fileno(self) -> int:
            return self._number

    def reserved(limit: int) -> list[bool]:
        monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, limit))
        numbers = [7, 23, 24, 47, 48, 1007, 1008]
        return [takes_reserved_descriptor(cast("socket.socket", Numbered(one))) for one in numbers]

    assert reserved(32) == [False, False, True, True, True, True, True]
    assert reserved(64) == [False, False, False, False, True, True, True]
    assert reserved(1024) == [False, False, False, False, False, False, True]
    assert not any(reserved(resource.RLIM_INFINITY))
