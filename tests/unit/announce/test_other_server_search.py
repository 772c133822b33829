"""The search for the other server, among servers that answer what they like."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.support.fake_servers.network import LOOPBACK, unique_name
from tests.support.virtual_time import run_in_virtual_time
from wyoming_voice_stack.announce import other_server_search
from wyoming_voice_stack.announce.discovery import FoundServer, discover
from wyoming_voice_stack.announce.other_server_search import (
    AGAIN_S,
    DISCOVERY_S,
    MAX_ANSWER_BYTES,
    MAX_CANDIDATES,
    SEARCH_S,
    Candidate,
    FoundOther,
    OtherServerSearch,
    announced_places,
    configured_place,
    is_private,
    look_at,
    places_nearby,
)
from wyoming_voice_stack.announce.zeroconf import Announcer
from wyoming_voice_stack.errors import VoiceStackError

HERE = Candidate("192.168.1.5", 5002, "machine")
LOOP = Candidate("127.0.0.1", 5002, "loopback")
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def found(place: Candidate) -> FoundOther:
    return FoundOther("tts", place.host, place.port, place.reach, has_page=True)


def announced(
    *addresses: str, mode: str | None = "tts", name: str = "a", port: int = 5002
) -> FoundServer:
    return FoundServer(name, addresses[0], port, addresses, mode)


def health(**body: object) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body)

    return answer


async def to_page(_: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "ui/"})


async def elsewhere(_: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": "http://192.0.2.1/health"})


async def no_json(_: web.Request) -> web.Response:
    return web.Response(text="OK")


async def a_list(_: web.Request) -> web.Response:
    return web.Response(text="[" * 5000)


async def huge(_: web.Request) -> web.Response:
    return web.json_response({"mode": "tts", "version": "1", "x": "x" * MAX_ANSWER_BYTES})


async def never(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


@asynccontextmanager
async def answering(answer: Answer, root: Answer | None = None) -> AsyncIterator[Candidate]:
    app = web.Application()
    app.router.add_get("/health", answer)
    if root is not None:
        app.router.add_get("/", root)
    async with TestServer(app, handler_cancellation=True) as server:
        yield Candidate("127.0.0.1", server.port or 0, "loopback")


async def test_a_server_of_this_package_is_recognized() -> None:
    async with answering(health(mode="tts", version="1"), to_page) as place:
        assert await look_at(place, "tts") == found(place)
        published = replace(place, published_port=7)
        assert await look_at(published, "tts") == replace(found(place), published_port=7)
    async with answering(health(mode="tts", version="1")) as place:
        other = await look_at(place, "tts")
        assert other is not None
        assert not other.has_page


@pytest.mark.parametrize(
    "answer",
    [
        health(mode="asr", version="1"),
        health(status="ok"),
        no_json,
        a_list,
        huge,
        elsewhere,
        never,
    ],
)
async def test_others_are_not(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    if answer is never:
        monkeypatch.setattr(other_server_search, "ANSWER_S", 0.05)
    async with answering(answer, to_page) as place:
        assert await look_at(place, "tts") is None


async def test_nobody_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert await look_at(Candidate("127.0.0.1", port, "loopback"), "tts") is None
    assert await look_at(Candidate("no host", 1, "container"), "tts") is None


class Looks:
    """Remembers where it was looked."""

    def __init__(self, *there: str) -> None:
        self.there = there
        self.places: list[Candidate] = []

    async def __call__(self, place: Candidate, mode: str) -> FoundOther | None:
        assert mode == "tts"
        self.places.append(place)
        return found(place) if place.host in self.there else None


async def search(
    looks: Looks, nearby: Sequence[Candidate], *servers: FoundServer, fails: bool = False
) -> FoundOther | None:
    async def discovering(seconds: float) -> Sequence[FoundServer]:
        assert seconds == DISCOVERY_S
        if fails:
            raise VoiceStackError("no multicast")
        return servers

    return await OtherServerSearch("tts", lambda: nearby, discovering, look=looks).search()


async def test_this_machine_goes_before_the_network() -> None:
    looks = Looks(LOOP.host, "192.168.1.9")
    assert await search(looks, [HERE, LOOP], announced("192.168.1.9")) == found(LOOP)
    assert looks.places == [HERE, LOOP]
    looks = Looks("192.168.1.9")
    other = await search(looks, [HERE, LOOP], announced("192.168.1.9"))
    assert other == FoundOther("tts", "192.168.1.9", 5002, "network", has_page=True)
    assert await search(Looks(), [HERE], announced("192.168.1.9")) is None
    assert await search(Looks(), [HERE], fails=True) is None


async def test_a_search_is_bounded() -> None:
    looks = Looks()
    nearby = [Candidate(f"192.168.1.{number}", 5002, "machine") for number in range(100)]
    servers = [announced(f"192.168.2.{number}") for number in range(100)]
    await search(looks, nearby, *servers)
    assert len(looks.places) == 2 * MAX_CANDIDATES


def test_only_private_addresses_of_this_package_are_tried() -> None:
    servers = [
        announced("192.168.1.7", mode=None),
        announced("192.168.1.7", mode="asr"),
        announced("127.0.0.1", "8.8.4.4"),
        announced("8.8.8.8", "192.168.1.8", "192.168.1.9", port=7),
    ]
    assert announced_places(servers, "tts") == [Candidate("192.168.1.8", 7, "network")]


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("192.168.1.5", True),
        ("10.0.0.1", True),
        ("fd00::1", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("0.0.0.0", False),
        ("169.254.169.254", False),
        ("fe80::1%eth0", False),
        ("224.0.0.251", False),
        ("8.8.8.8", False),
        ("voice.local", False),
    ],
)
def test_private_addresses(address: str, *, private: bool) -> None:
    assert is_private(address) is private


def test_places_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other_server_search, "lan_addresses", lambda _: ("192.168.1.5",))
    monkeypatch.setattr(socket, "gethostname", lambda: "a0b1c2d3-voice-stack-asr")
    addon = Candidate("a0b1c2d3-voice-stack-tts", 5002, "container")
    assert places_nearby("tts", 5002, bind_host=None) == [HERE, LOOP, addon]
    assert places_nearby("tts", None, bind_host=None) == []
    for name in ("laptop", "a0b1c2d3-voice-stack-tts"):
        monkeypatch.setattr(socket, "gethostname", lambda name=name: name)
        assert places_nearby("tts", 5002, bind_host=None) == [HERE, LOOP]

    def unreadable(_: str | None) -> tuple[str, ...]:
        raise OSError

    monkeypatch.setattr(other_server_search, "lan_addresses", unreadable)
    assert places_nearby("tts", 5002, bind_host=None) == [LOOP]


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("tts:9", Candidate("tts", 9, "configured", 5002)),
        ("voice-tts", Candidate("voice-tts", 5002, "configured", 5002)),
        ("tts.example.com:9", Candidate("tts.example.com", 9, "configured")),
        ("192.168.1.7", Candidate("192.168.1.7", 5002, "configured")),
        ("[fd00::7]:9", Candidate("fd00::7", 9, "configured")),
        ("localhost:9", Candidate("localhost", 9, "loopback")),
        ("[::1]", Candidate("::1", 5002, "loopback")),
        ("127.0.0.2:9", Candidate("127.0.0.2", 9, "loopback")),
    ],
)
def test_a_configured_place(address: str, place: Candidate) -> None:
    assert configured_place(address, 5002) == [place]


class Counted(OtherServerSearch):
    """Notes the times of its searches, each of which takes three seconds."""

    def __init__(self) -> None:
        super().__init__("tts", list, None)
        self.times: list[float] = []

    async def search(self) -> FoundOther | None:
        self.times.append(round(asyncio.get_running_loop().time()))
        await asyncio.sleep(3)
        return found(HERE)


def test_it_is_looked_for_only_while_a_page_is_open() -> None:
    async def main(_: Callable[[], float]) -> None:
        one = Counted()
        await asyncio.sleep(100)
        assert one.times == []
        async with AsyncExitStack() as pages:
            await pages.enter_async_context(one.watched())
            await pages.enter_async_context(one.watched())
            await asyncio.sleep(SEARCH_S + 10)
            assert one.known == found(HERE)
        assert one.times == [100, 100 + SEARCH_S]
        # A page that is opened soon after shows what is known, and nothing is asked until it is time.
        await asyncio.sleep(10)
        async with one.watched():
            await asyncio.sleep(SEARCH_S)
        assert one.known == found(HERE)
        assert one.times[2:] == [100 + 2 * SEARCH_S]
        assert len(asyncio.all_tasks()) == 1

    run_in_virtual_time(main)


def test_pages_that_are_opened_again_and_again_cause_few_searches() -> None:
    async def main(_: Callable[[], float]) -> None:
        one = Counted()
        for _page in range(18):
            async with one.watched():
                await asyncio.sleep(1)
        assert one.times == [0, AGAIN_S, 2 * AGAIN_S, 3 * AGAIN_S]

    run_in_virtual_time(main)


@pytest.mark.parametrize("mode", ["tts", None])
async def test_a_server_announces_what_it_is(mode: str | None) -> None:
    name = unique_name()
    announcer = Announcer(
        instance_name=name,
        port=5002,
        bind_host=None,
        mode=mode,
        probe_s=0.0,
        interfaces=LOOPBACK,
        read_addresses=lambda: ("192.168.1.5",),
    )
    await announcer.start()
    try:
        await announcer.announced()
        servers: list[FoundServer] = []
        while not servers:
            servers = [
                each for each in await discover(1.0, interfaces=LOOPBACK) if each.name == name
            ]
    finally:
        await announcer.stop()
    assert servers[0].mode == mode
