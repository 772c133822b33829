"""What the page is shown: state, figures, the log, and events."""

from __future__ import annotations

import json
import logging
import socket

import pytest

from tests.support.log_records import line
from tests.support.page_client import (
    INGRESS,
    STRANGER,
    ShownService,
    error_of,
    page,
    page_facts,
)
from wyoming_voice_stack import __version__
from wyoming_voice_stack.engine.status import EngineState, Workload
from wyoming_voice_stack.errors import Busy, UnknownVoice
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


async def test_a_wrong_method_is_answered_with_the_right_ones() -> None:
    async with page() as client:
        async with client.delete("/ui/api/state") as answer:
            assert await error_of(answer) == (405, "method_not_allowed")
            assert answer.headers["Allow"] == "GET, HEAD"
        async with client.post("/ui/api/nothing") as answer:
            assert await error_of(answer) == (404, "not_found")
