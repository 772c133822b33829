"""A sentence that the other server says, with another server that answers what the test decides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.support.page_client import FULL, INGRESS, KEY, STRANGER, CountedPlaces, error_of, page
from wyoming_voice_stack.announce.other_server_search import FoundOther, Reach
from wyoming_voice_stack.http.api.keys import ApiKey
from wyoming_voice_stack.http.page.sections import sample_routes
from wyoming_voice_stack.http.page.sections.sample_routes import (
    MAX_CHARACTERS,
    MAX_QUOTED_CHARACTERS,
    SampleRoutes,
)

TEXT = {"text": "The light is on."}
SENT = {"Authorization": f"Bearer {KEY}"}


class Speaker:
    """The other server."""

    def __init__(self) -> None:
        self.answer = web.Response(body=bytes(4801), content_type="audio/pcm")
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.closes = False

    async def speak(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("Authorization"))
        if self.closes and request.transport is not None:
            request.transport.abort()
        return self.answer

    @asynccontextmanager
    async def serving(self, reach: Reach = "machine") -> AsyncIterator[FoundOther]:
        app = web.Application()
        app.router.add_post("/v1/audio/speech", self.speak)
        async with TestServer(app) as server:
            yield FoundOther("tts", "127.0.0.1", server.port or 0, reach, has_page=True)


async def test_it_is_spoken_by_the_other_server() -> None:
    speaker, places = Speaker(), CountedPlaces()
    async with (
        speaker.serving() as other,
        page(SampleRoutes(lambda: other, ApiKey(None)), places=places) as client,
        client.post("/ui/api/sample", json=TEXT) as answer,
    ):
        assert (answer.status, answer.content_type) == (200, "audio/wav")
        body = await answer.read()
    assert (body[:4], body[40:44], len(body)) == (b"RIFF", (4800).to_bytes(4, "little"), 44 + 4800)
    assert speaker.asked == [
        {"model": "tts-1", "input": "The light is on.", "response_format": "pcm"}
    ]
    assert places.entered == 1


@pytest.mark.parametrize(
    ("headers", "reach", "status", "key"),
    [
        (SENT, "machine", 200, f"Bearer {KEY}"),
        (SENT, "loopback", 200, f"Bearer {KEY}"),
        (SENT, "configured", 200, f"Bearer {KEY}"),
        # Whoever announces itself on the network gets no key.
        (SENT, "network", 200, None),
        (SENT, "container", 200, None),
        ({}, "machine", 401, None),
        (STRANGER | {"Authorization": "Bearer wrong"}, "machine", 401, None),
        (INGRESS, "machine", 200, None),
    ],
)
async def test_the_key(headers: dict[str, str], reach: Reach, status: int, key: str | None) -> None:
    speaker = Speaker()
    async with (
        speaker.serving(reach) as other,
        page(SampleRoutes(lambda: other, ApiKey(KEY)), rules=FULL) as client,
        client.post("/ui/api/sample", json=TEXT, headers=headers) as answer,
    ):
        assert answer.status == status
    assert speaker.keys == ([key] if status == 200 else [])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": " "}, "empty_text"),
        ({"text": 5}, "empty_text"),
        ({}, "empty_text"),
        ({"text": "x" * (MAX_CHARACTERS + 1)}, "text_too_long"),
    ],
)
async def test_what_cannot_be_said(body: dict[str, Any], code: str) -> None:
    speaker = Speaker()
    async with (
        speaker.serving() as other,
        page(SampleRoutes(lambda: other, ApiKey(None))) as client,
        client.post("/ui/api/sample", json=body) as answer,
    ):
        assert await error_of(answer) == (400, code)
    assert not speaker.asked


async def test_no_other_server() -> None:
    async with (
        page(SampleRoutes(lambda: None, ApiKey(None))) as client,
        client.post("/ui/api/sample", json=TEXT) as answer,
    ):
        assert await error_of(answer) == (404, "no_other_server")


def refusal(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            refusal(401, '{"error": {"message": "The API key is missing."}}'),
            "The API key is missing.",
        ),
        (refusal(500, "no JSON"), "500"),
        (refusal(302, '{"error": "text"}'), "302"),
        (refusal(500, "x" * (sample_routes.MAX_ERROR_BYTES + 1)), "500"),
        (web.Response(body=bytes(sample_routes.MAX_SAMPLE_BYTES + 2)), "more than 4 MiB"),
        (None, "does not answer"),
    ],
)
async def test_a_failure_is_told(given: web.Response | None, message: str) -> None:
    speaker = Speaker()
    if given is None:
        speaker.closes = True
    else:
        speaker.answer = given
    async with (
        speaker.serving() as other,
        page(SampleRoutes(lambda: other, ApiKey(None))) as client,
        client.post("/ui/api/sample", json=TEXT) as answer,
    ):
        told = (await answer.json())["error"]["message"]
        assert await error_of(answer) == (502, "other_server_failed")
    assert message in told
    assert f"127.0.0.1:{other.port}" in told


async def test_a_long_message_is_cut() -> None:
    speaker = Speaker()
    speaker.answer = refusal(500, '{"error": {"message": "' + "x" * 9000 + '"}}')
    async with (
        speaker.serving() as other,
        page(SampleRoutes(lambda: other, ApiKey(None))) as client,
        client.post("/ui/api/sample", json=TEXT) as answer,
    ):
        told = (await answer.json())["error"]["message"]
    assert told.count("x") < MAX_QUOTED_CHARACTERS + 20
