"""JSON bodies: what each and all of them may hold, and when it is free."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.http_api import Api, serving_api
from tests.support.peers import Peer, peer
from tests.support.speech_api import speaking
from wyoming_voice_stack.errors import Busy
from wyoming_voice_stack.http.api import requests
from wyoming_voice_stack.http.api.api_errors import InvalidField
from wyoming_voice_stack.http.api.body_budget import (
    JSON_OWN_BYTES,
    MIB,
    BodyBudget,
    json_budget,
)
from wyoming_voice_stack.http.api.requests import read_json
from wyoming_voice_stack.http.api.speech import speech_api
from wyoming_voice_stack.http.deadlines import Deadlines
from wyoming_voice_stack.http.pacing import Pace
from wyoming_voice_stack.tts.backend import SynthesisOptions

JSON = {"Content-Type": "application/json"}
LIMIT = 256 * 1024


class Readers:
    """A handler that reads JSON of at most `LIMIT`."""

    def __init__(self, budget: BodyBudget | None = None) -> None:
        self.budget = budget or json_budget()

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/json", self.handle)]

    async def handle(self, request: web.Request) -> web.Response:
        return web.json_response(sorted(await read_json(request, LIMIT, self.budget)))


def json_of(size: int) -> bytes:
    return b'{"input": "%b"}' % (b"a" * (size - 13))


async def begin(client: Peer, length: int, part: bytes) -> None:
    """Send the head of a request, and a part of its body."""
    head = f"POST /v1/json HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n"
    await client.send_raw(f"{head}Content-Type: application/json\r\n\r\n".encode() + part)


async def status(client: Peer) -> int:
    line = await asyncio.wait_for(client.reader.readline(), WAIT_SECONDS)
    return int(line.split()[1])


async def test_a_length_beyond_the_limit_is_refused_before_the_body_arrives() -> None:
    readers = Readers()
    async with serving_api(readers.routes()) as api, peer(api.port) as client:
        await begin(client, LIMIT + 1, b"")
        assert await status(client) == 413


async def test_a_body_without_a_length_is_read_up_to_the_limit() -> None:
    read: list[int] = []

    async def pace(size: int) -> None:
        if not refused.is_set():
            read.append(size)

    def new_pace() -> Pace:
        return pace

    refused = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b'{"input": "'
        while not refused.is_set():
            yield b"a" * 8192

    async with serving_api(Readers().routes(), new_pace=new_pace) as api:
        url = f"http://127.0.0.1:{api.port}/v1/json"
        async with api.http.post(url, data=endless(), headers=JSON) as answer:
            refused.set()
            assert answer.status == 413
    assert sum(read) > LIMIT // 2


@pytest.mark.parametrize(("pause_s", "body_s"), [(30.0, 0.05), (0.05, 30.0)])
@pytest.mark.parametrize("part", [b"", b"{"])
async def test_a_body_that_does_not_arrive_in_time(
    pause_s: float, body_s: float, part: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "BODY_SECONDS", body_s)
    readers = Readers()
    serving = serving_api(readers.routes(), deadlines=Deadlines(read_s=pause_s))
    async with serving as api, peer(api.port) as client:
        await begin(client, 2, part)
        assert await status(client) == 408
        assert readers.budget.used_bytes == 0


async def hold(api: Api, budget: BodyBudget, client: Peer, size: int) -> None:
    """Let a body of a size arrive but for its last byte."""
    before = budget.used_bytes
    await begin(client, size, json_of(size)[:-1])
    await eventually(lambda: budget.used_bytes == before + size - 1 - JSON_OWN_BYTES)


async def test_all_bodies_share_a_budget() -> None:
    """A large one that does not fit is refused, a sentence is read, and the memory is given back."""
    readers = Readers(json_budget(LIMIT))
    async with (
        serving_api(readers.routes()) as api,
        peer(api.port) as first,
        peer(api.port) as second,
    ):
        await hold(api, readers.budget, first, LIMIT)
        await begin(second, LIMIT, json_of(LIMIT))
        assert await status(second) == 429
        answer, _ = await api.ask("POST", "/v1/json", data=json_of(JSON_OWN_BYTES), headers=JSON)
        assert answer.status == 200
        await first.send_raw(b"}")
        assert await status(first) == 200
        assert readers.budget.used_bytes == 0


def test_what_all_bodies_of_a_server_hold_is_as_documented() -> None:
    budget = json_budget()
    budget.open().add(JSON_OWN_BYTES + 16 * MIB)
    with pytest.raises(Busy, match="already holds 16 MiB of JSON bodies; try again"):
        budget.open().add(JSON_OWN_BYTES + 1)


async def test_a_client_that_leaves_gives_its_memory_back() -> None:
    readers = Readers()
    async with serving_api(readers.routes()) as api:
        async with peer(api.port) as client:
            await hold(api, readers.budget, client, LIMIT)
        await eventually(lambda: readers.budget.used_bytes == 0)


class Held:
    """What a request holds; bytes have no weak references."""


async def test_what_a_failed_request_held_is_free_at_once() -> None:
    """Garbage of megabytes would wait for a collection of a whole generation."""
    held: list[weakref.ref[Held]] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        del request
        body = Held()
        held.append(weakref.ref(body))
        raise InvalidField("The body is wrong.")

    async with serving_api([web.post("/v1/json", handler)]) as api:
        gc.disable()
        try:
            answer, _ = await api.ask("POST", "/v1/json")
            assert answer.status == 400
            assert [reference() for reference in held] == [None]
        finally:
            gc.enable()


async def test_speech_takes_the_longest_text_escaped_and_no_larger_body(tmp_path: Path) -> None:
    longest = "\N{CJK UNIFIED IDEOGRAPH-20000}" * 30_000
    options = SynthesisOptions(max_text_characters=len(longest))
    async with speaking(tmp_path, speaking=options, max_text_characters=len(longest)) as client:
        answer, _ = await client.speak(longest)
        status, error = await client.error(text=longest * 2)
    assert answer.status == 200
    assert (status, error["code"]) == (413, "too_large")
    assert error["message"].endswith("; send the text in parts, or raise TTS_MAX_TEXT_CHARACTERS.")


async def test_no_setting_is_named_that_would_not_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech_api, "MAX_JSON_BYTES", 64 * 1024)
    async with speaking(tmp_path) as client:
        status, error = await client.error(text="a" * 70_000)
    assert (status, error["code"]) == (413, "too_large")
    assert error["message"] == "The request body is larger than 64 KiB; send the text in parts."
