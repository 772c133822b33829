"""The page's stream of server-sent events: what is sent, and how many streams there are."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from tests.support.fakes import WAIT_SECONDS
from tests.support.log_records import line
from tests.support.page_client import (
    CountedPlaces,
    error_of,
    page,
)
from wyoming_voice_stack.http.api.streaming import WRITE_SECONDS
from wyoming_voice_stack.http.deadlines import DEADLINES, Deadlines
from wyoming_voice_stack.http.page.page_events import (
    MAX_STREAMS,
    MAX_STREAMS_OF_ADDRESS,
    EventSources,
    EventStreams,
    FetchProgress,
)
from wyoming_voice_stack.logs import RecentLines


class Now:
    """What the events are made of, which the test changes."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {"state": "loading"}
        self.figures: dict[str, Any] = {"requests": 0}
        self.fetches: tuple[FetchProgress, ...] = ()
        self.lines = RecentLines()
        self.sent: list[bytes] = []
        self.write_seconds: set[float] = set()
        self.ends = False
        self.streams = EventStreams(
            EventSources(lambda: self.figures, lambda: self.fetches, self.lines),
            send=self._send,
            keep=lambda _: None,
            drains=self._drains,
        )

    async def _send(self, response: Any, data: bytes) -> None:
        self.write_seconds.add(response[WRITE_SECONDS])
        self.sent.append(data)

    async def _drains(self) -> None:
        # A pulse without waiting for it, until the test ends the server.
        if not self.ends:
            raise TimeoutError


def read(data: bytes) -> list[tuple[str, Any]]:
    """Events as `EventSource` reads them; each has a number."""
    found = []
    for block in data.decode().split("\n\n"):
        fields = dict(each.split(": ", 1) for each in block.splitlines())
        if "data" in fields:
            assert fields["id"].isdigit()
            found.append((fields["event"], json.loads(fields["data"])))
    return found


async def test_events_tell_only_what_has_changed() -> None:
    now = Now()
    now.lines.add(line("before"))
    events = now.streams.events(lambda: now.state, with_log=True)
    assert await anext(events) == b"retry: 2000\n\n"
    assert read(await anext(events)) == [
        ("state", {"state": "loading"}),
        ("figures", {"requests": 0}),
        ("ping", {}),
    ]
    now.state = {"state": "ready"}
    now.lines.add(line("after"))
    now.fetches = (FetchProgress("base", "fetching", 5, 10, ""),)
    assert [(kind, data | {"time": 0}) for kind, data in read(await anext(events))] == [
        ("state", {"state": "ready", "time": 0}),
        (
            "fetch",
            {"id": "base", "state": "fetching", "bytes": 5, "total": 10, "detail": "", "time": 0},
        ),
        ("log", {"time": 0, "level": "INFO", "text": "after"}),
    ]
    # Nothing changes, until the next ping.
    assert read(await anext(events)) == [("ping", {})]
    now.ends = True
    assert [each async for each in events] == []


async def test_a_stream_without_rights_has_no_log() -> None:
    now = Now()
    events = now.streams.events(lambda: now.state, with_log=False)
    await anext(events)
    await anext(events)
    now.lines.add(line("secret"))
    now.state = {"state": "ready"}
    assert [kind for kind, _ in read(await anext(events))] == ["state"]
    await events.aclose()


async def test_a_stream_has_the_deadline_of_the_server() -> None:
    now = Now()
    now.ends = True

    async def follow(request: web.Request) -> web.StreamResponse:
        return await now.streams.serve(request, lambda: now.state, with_log=False)

    app = web.Application()
    app[DEADLINES] = Deadlines(write_s=7.0)
    app.add_routes([web.get("/events", follow)])
    async with TestClient(TestServer(app)) as client, client.get("/events") as answer:
        await answer.read()
    assert now.write_seconds == {7.0}


async def test_streams_are_bounded_and_give_their_places_back() -> None:
    async with page() as client:
        open_streams: list[aiohttp.ClientResponse] = []
        for _ in range(MAX_STREAMS_OF_ADDRESS):
            answer = await client.get("/ui/api/events")
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "text/event-stream"
            assert answer.headers["X-Accel-Buffering"] == "no"
            assert answer.headers["Content-Security-Policy"]
            assert await answer.content.readline() == b"retry: 2000\n"
            open_streams.append(answer)
        async with client.get("/ui/api/events") as refused:
            assert refused.status == 429
            assert await error_of(refused) == (429, "busy")
        open_streams.pop().close()
        async with asyncio.timeout(WAIT_SECONDS):
            status = 429
            while status != 200:
                answer = await client.get("/ui/api/events")
                status = answer.status
                answer.close()
        for answer in open_streams:
            answer.close()


def test_one_address_leaves_streams_to_others() -> None:
    streams = Now().streams
    streams.taken.update({"192.168.1.5": MAX_STREAMS_OF_ADDRESS})
    assert not streams.has_room("192.168.1.5")
    assert streams.has_room("192.168.1.6")
    streams.taken.update({f"192.168.2.{n}": 1 for n in range(MAX_STREAMS - MAX_STREAMS_OF_ADDRESS)})
    assert not streams.has_room("192.168.1.6")


async def test_streams_end_with_the_server() -> None:
    places = CountedPlaces()
    async with (
        page(places=places) as client,
        asyncio.timeout(WAIT_SECONDS),
        client.get("/ui/api/events") as answer,
    ):
        await answer.content.readuntil(b"event: state")
        places.draining.set()
        assert b"event: figures" in await answer.read()
    # Such a stream is no request that the end of the server waits for.
    assert (places.entered, places.kept > 0) == (0, True)


async def test_the_head_of_the_stream_has_no_events() -> None:
    places = CountedPlaces()
    # Otherwise a stream would have no end, and this test no result.
    places.draining.set()
    async with page(places=places) as client:
        reader, writer = await asyncio.open_connection(client.host, client.port)
        writer.write(
            b"HEAD /ui/api/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        answer = await asyncio.wait_for(reader.read(), WAIT_SECONDS)
        writer.close()
        await writer.wait_closed()
    assert b"text/event-stream" in answer
    assert answer.endswith(b"\r\n\r\n")
    assert places.kept == 0
