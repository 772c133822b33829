"""Many uploads, readers that do not read and requests without a body, at once: others are served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiohttp import web
from wyoming.info import Describe

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.http_api import Api, serving_api
from tests.support.peers import Peer, peer
from wyoming_voice_stack.http.api.body_budget import MIB, OWN_BYTES, BodyBudget
from wyoming_voice_stack.http.api.streaming import open_stream, send
from wyoming_voice_stack.http.api.uploads import received_form

PLACES = 16
UPLOADS = 200
READERS = 100
HALF_OPEN = 50
FILE = 2 * MIB
PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
BODY = PART + bytes(FILE) + b"\r\n--x--\r\n"
HEAD = (
    b"POST /v1/%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n"
    b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
)


class Attacked:
    """A server with a handler for each kind of attack."""

    def __init__(self, budget_bytes: int) -> None:
        self.budget = BodyBudget(budget_bytes)
        self.leave = asyncio.Event()

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/upload", self.upload), web.post("/v1/speech", self.speech)]

    async def upload(self, request: web.Request) -> web.StreamResponse:
        async with received_form(request, self.budget, max_file_bytes=25 * MIB):
            await self.leave.wait()
        return web.json_response({})

    async def speech(self, request: web.Request) -> web.StreamResponse:
        response = await open_stream(request, "audio/pcm")
        while True:
            await send(response, bytes(65536))


@pytest.fixture
async def attacked() -> Attacked:
    return Attacked(4 * MIB)


@asynccontextmanager
async def others_are_served(api: Api) -> AsyncIterator[None]:
    """Wyoming and the probes answer during the block and after it, and nothing is left after it."""
    await _served(api)
    yield
    await _served(api)
    await eventually(lambda: not api.listener._http_connections.requests)
    await _served(api)


async def _served(api: Api) -> None:
    async with peer(api.port) as client:
        await client.send(Describe().event())
        event = await client.next()
        assert event is not None
        assert event.type == "info"
    for path in ("/health", "/ready"):
        answer, _ = await api.ask("GET", path)
        assert answer.status == 200


async def status(client: Peer) -> int:
    line = await asyncio.wait_for(client.reader.readline(), WAIT_SECONDS)
    return int(line.split()[1])


async def test_uploads_at_once(attacked: Attacked) -> None:
    """As many as there are places and memory are taken; the others learn at once that they are not."""
    async with (
        serving_api(attacked.routes(), max_api_requests=PLACES) as api,
        others_are_served(api),
        AsyncExitStack() as stack,
    ):
        answers: list[int] = []

        async def upload() -> None:
            client = await stack.enter_async_context(peer(api.port))
            await client.send_raw(HEAD % (b"upload", len(BODY)) + BODY)
            answers.append(await status(client))

        connections = api.listener._http_connections
        uploads = [asyncio.create_task(upload()) for _ in range(UPLOADS)]
        held = (4 * MIB) // (FILE - OWN_BYTES)
        await eventually(lambda: len(answers) >= UPLOADS - PLACES)
        assert set(answers) <= {503, 429}
        assert connections.requests <= PLACES
        assert attacked.budget.used_bytes <= 4 * MIB
        await _served(api)
        attacked.leave.set()
        await asyncio.gather(*uploads)
        assert 0 < answers.count(200) <= PLACES
        assert held <= PLACES
    assert attacked.budget.used_bytes == 0


async def test_readers_that_do_not_read(attacked: Attacked) -> None:
    async with (
        serving_api(attacked.routes(), max_api_requests=PLACES) as api,
        others_are_served(api),
        AsyncExitStack() as stack,
    ):
        for _ in range(READERS):
            client = await stack.enter_async_context(peer(api.port))
            await client.send_raw(HEAD % (b"speech", 0))
        await eventually(lambda: api.listener._http_connections.requests == PLACES)
        await _served(api)
        # They have left: their work ends, though their responses were not read.


async def test_requests_without_their_body(attacked: Attacked) -> None:
    async with (
        serving_api(attacked.routes(), max_api_requests=PLACES) as api,
        others_are_served(api),
        AsyncExitStack() as stack,
    ):
        for _ in range(HALF_OPEN):
            client = await stack.enter_async_context(peer(api.port))
            await client.send_raw(HEAD % (b"upload", len(BODY)))
        await eventually(lambda: api.listener._http_connections.requests == PLACES)
        await _served(api)
