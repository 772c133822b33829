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
from tests.support.found_servers import HERE, LOOP, announced
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
    look_at,
)
from wyoming_voice_stack.announce.zeroconf import Announcer
from wyoming_voice_stack.errors import VoiceStackError

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def found(place: Candidate) -> FoundOther:
    return FoundOther("tts", place.host, place.port, place.reach, has_page=True)


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
