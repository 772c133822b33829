"""What the page is shown: state, figures, the log, and events."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from tests.support.fakes import WAIT_SECONDS
from tests.support.page_client import (
    INGRESS,
    STRANGER,
    CountedPlaces,
    ShownService,
    error_of,
    page,
    page_facts,
)
from wyoming_voice_stack import __version__
from wyoming_voice_stack.engine.status import EngineState, Workload
from wyoming_voice_stack.errors import Busy, UnknownVoice
from wyoming_voice_stack.http.api.streaming import WRITE_SECONDS
from wyoming_voice_stack.http.deadlines import DEADLINES, Deadlines
from wyoming_voice_stack.http.page.page_events import (
    MAX_STREAMS,
    MAX_STREAMS_OF_ADDRESS,
    EventSources,
    EventStreams,
    FetchProgress,
)
from wyoming_voice_stack.http.page.page_figures import figures
from wyoming_voice_stack.logs import MAX_RECENT_CHARACTERS, RECENT_LINES, RecentLines
from wyoming_voice_stack.metrics import Metrics

STATES: list[tuple[EngineState, str]] = [
    ("idle", "resting"),
    ("loading", "loading"),
    ("ready", "ready"),
    ("unloaded", "resting"),
    ("failed", "failed"),
]


def line(text: str, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord("wyoming_voice_stack.app", level, "", 1, text, (), None)


@pytest.mark.parametrize(("state", "shown"), STATES)
async def test_the_state_of_the_server(state: EngineState, shown: str) -> None:
    service = ShownService("asr", state, "cannot read /models/base/model.bin")
    facts = page_facts(progress=lambda: 0.4, streams_text=True)
    async with (
        page(service=service, facts=facts) as client,
        client.get("/ui/api/state", headers=STRANGER | {"Host": "voice.local:5001"}) as answer,
    ):
        assert answer.headers["Cache-Control"] == "no-store"
        got = await answer.json()
        assert got.pop("port") == client.port
    assert got.pop("why_not")
    assert got == {
        "name": "voice",
        "version": __version__,
        "mode": "asr",
        "model": "base",
        "device": "cpu",
        "state": shown,
        "detail": "cannot read model.bin",
        "progress": 0.4 if shown == "loading" else None,
        "can_change": False,
        "key_required": True,
        "by_ingress": False,
        "wyoming": "tcp://voice.local:5001",
        "base_url": "http://voice.local:5001/v1",
        "health": "http://voice.local:5001/health",
        "metrics": "http://voice.local:5001/metrics",
        "announced": True,
        "other": None,
        "languages": ["en", "de"],
        "streams_text": True,
    }


async def test_through_ingress_the_address_is_that_of_the_container() -> None:
    async with page() as client:
        headers = INGRESS | {"Host": "home.example.org"}
        async with client.get("/ui/api/state", headers=headers) as answer:
            state = await answer.json()
        assert (state["by_ingress"], state["port"]) == (True, client.port)
        assert state["wyoming"] == f"tcp://{socket.gethostname()}:{client.port}"
    # Home Assistant has checked the user.
    assert not state["key_required"]


@pytest.mark.parametrize(
    ("headers", "scheme", "wyoming"),
    [
        ({"X-Forwarded-Proto": "https"}, "https", "tcp://voice.local:{port}"),
        ({"X-Forwarded-Proto": "HTTPS"}, "https", "tcp://voice.local:{port}"),
        ({"X-Forwarded-Proto": "http"}, "http", "tcp://voice.local:8443"),
        ({"X-Forwarded-Proto": "gopher"}, "http", "tcp://voice.local:8443"),
        # Only a proxy on this machine is believed.
        (STRANGER | {"X-Forwarded-Proto": "https"}, "http", "tcp://voice.local:8443"),
    ],
)
async def test_behind_https_the_addresses_are_those_of_the_proxy(
    headers: dict[str, str], scheme: str, wyoming: str
) -> None:
    async with page() as client:
        sent = headers | {"Host": "voice.local:8443"}
        async with client.get("/ui/api/state", headers=sent) as answer:
            state = await answer.json()
        assert state["base_url"] == f"{scheme}://voice.local:8443/v1"
        assert state["wyoming"] == wyoming.format(port=client.port)
        async with client.get("/ui/plain", headers=sent) as answer:
            assert f"{scheme}://voice.local:8443/health" in await answer.text()


def test_figures_count_what_happened_and_say_what_errors_mean() -> None:
    metrics = Metrics()
    for seconds in (0.004, 0.04, 0.05, 99):
        metrics.first_audio.observe(seconds)
    metrics.requests.labels("synthesize-plain", "ok").inc(3)
    metrics.errors.labels(Busy.code).inc(2)
    metrics.errors.labels(UnknownVoice.code).inc()
    metrics.errors.labels("never").inc(0)
    metrics.connections.set_function(lambda: 5)
    shown = figures(metrics, ShownService(load=Workload(1, 2, 3.456)), "tts")
    [histogram] = shown.pop("histograms")
    assert shown == {
        "now": {"connections": 5, "requests": 1, "queued": 2, "oldest_wait_s": 3.5},
        "requests": 3,
        "errors": [
            {"code": "busy", "count": 2, "meaning": CapacityMeaning},
            {
                "code": "unknown-voice",
                "count": 1,
                "meaning": "The request names a voice or a speaker that this server does not have.",
            },
        ],
    }
    assert (histogram["id"], histogram["unit"]) == ("first_audio", "s")
    counts = {bucket["le"]: bucket["count"] for bucket in histogram["buckets"]}
    assert (counts[0.005], counts[0.025], counts[0.05], counts[60.0], counts[None]) == (
        *(1, 0, 2),
        *(0, 1),
    )
    [histogram] = figures(metrics, ShownService("asr"), "asr")["histograms"]
    assert histogram["id"] == "stop_to_text"


CapacityMeaning = "The request is valid; the server cannot serve it now."


async def test_the_log_is_shown_to_those_who_may_change_things() -> None:
    lines = RecentLines()
    for number in range(RECENT_LINES + 5):
        lines.add(line(f"line {number}"))
    lines.add(line("spoken words", logging.DEBUG))
    lines.add(line("x" * (MAX_RECENT_CHARACTERS + 1), logging.ERROR))
    async with page(lines=lines, settings={"WEB_UI": "full"}) as client:
        async with client.get("/ui/api/log", headers=STRANGER) as answer:
            assert await error_of(answer) == (403, "change_not_allowed")
        async with client.get("/ui/api/log") as answer:
            log = await answer.json()
    assert log["settings"] == {"WEB_UI": "full"}
    assert len(log["lines"]) == RECENT_LINES
    assert log["lines"][0] | {"time": 0} == {"time": 0, "level": "INFO", "text": "line 6"}
    assert log["lines"][-1]["text"] == "x" * MAX_RECENT_CHARACTERS + "…"
    assert "spoken" not in json.dumps(log)


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
