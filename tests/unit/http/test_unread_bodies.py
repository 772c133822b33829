from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from aiohttp import web

from tests.support.fakes import eventually
from tests.support.http_api import serving_api
from tests.support.peers import Peer, peer
from wyoming_voice_stack.http import unread_bodies
from wyoming_voice_stack.http.api.body_budget import MIB
from wyoming_voice_stack.http.application import MAX_REQUEST_BODY_BYTES, UNREAD_BODY_BYTES
from wyoming_voice_stack.http.pacing import Pace
from wyoming_voice_stack.server.sockets import READ_BYTES

BODY = 2 * MIB
CHUNKS = 1000


def head(path: str, length: int) -> bytes:
    lines = (f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}", "", "")
    return "\r\n".join(lines).encode()


async def refused(request: web.Request) -> web.Response:
    return web.json_response({}, status=503)


async def raised(request: web.Request) -> web.Response:
    raise web.HTTPForbidden


async def read_at_once(request: web.Request) -> web.Response:
    return web.json_response(len(await request.read()))


ROUTES: Sequence[web.RouteDef] = [web.post("/v1/refused", refused), web.post("/v1/raised", raised)]


class Paces:
    """Counts the bytes that took turns."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def new(self) -> Pace:
        async def pace(size: int) -> None:
            self.sizes.append(size)

        return pace


async def answer(client: Peer) -> tuple[int, bytes]:
    """The status of an answer and its content."""
    status = int((await client.reader.readline()).split()[1])
    length = 0
    while (line := await client.reader.readline()).strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return status, await client.reader.readexactly(length)


@pytest.mark.parametrize(("path", "expected"), [("/v1/refused", 503), ("/v1/raised", 403)])
async def test_rest_of_a_refused_body_takes_turns(path: str, expected: int) -> None:
    paces = Paces()
    async with serving_api(ROUTES, new_pace=paces.new) as api, peer(api.port) as client:
        await client.send_raw(head(path, BODY) + bytes(BODY))
        assert (await answer(client))[0] == expected
        await eventually(lambda: sum(paces.sizes) > BODY - MIB)
        # The connection serves the next request.
        await client.send_raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await answer(client))[0] == 200
    assert len(paces.sizes) > 1


async def test_each_chunk_takes_its_turn() -> None:
    """However small: joining a thousand of them would take long."""
    paces = Paces()
    request = b"POST /v1/refused HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with serving_api(ROUTES, new_pace=paces.new) as api, peer(api.port) as client:
        await client.send_raw(request)
        assert (await answer(client))[0] == 503
        await client.send_raw(b"1\r\na\r\n" * CHUNKS + b"0\r\n\r\n")
        await eventually(lambda: sum(paces.sizes) == CHUNKS)
    assert paces.sizes == [1] * CHUNKS


async def test_answer_does_not_wait_for_the_body() -> None:
    async with serving_api(ROUTES) as api, peer(api.port) as client:
        await client.send_raw(head("/v1/refused", BODY) + b"a")
        assert (await answer(client))[0] == 503


async def test_body_without_an_end_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread_bodies, "LINGERING_SECONDS", 0.01)
    async with serving_api(ROUTES) as api, peer(api.port) as client:
        await client.send_raw(head("/v1/refused", BODY) + b"a")
        assert (await answer(client))[0] == 503
        assert await client.reader.read() == b""


async def test_little_is_received_before_it_is_read() -> None:
    """Hundreds of uploads may wait for their turn, or for a place."""
    received: list[int] = []

    async def wait(request: web.Request) -> web.Response:
        content = request.content
        await eventually(lambda: content.total_bytes > UNREAD_BODY_BYTES)
        while not received or received[-1] != content.total_bytes:
            received.append(content.total_bytes)
            await asyncio.sleep(0)
        return web.json_response({})

    async with (
        serving_api([web.post("/v1/wait", wait)]) as api,
        peer(api.port) as client,
    ):
        await client.send_raw(head("/v1/wait", BODY) + bytes(BODY))
        assert (await answer(client))[0] == 200
    assert received[-1] <= 2 * UNREAD_BODY_BYTES + READ_BYTES


@pytest.mark.parametrize(
    ("size", "status"), [(MAX_REQUEST_BODY_BYTES, 200), (MAX_REQUEST_BODY_BYTES + 1, 413)]
)
async def test_what_is_not_read_in_chunks_is_small(size: int, status: int) -> None:
    async with serving_api([web.post("/v1/at-once", read_at_once)]) as api:
        answer, _ = await api.ask("POST", "/v1/at-once", data=bytes(size))
    assert answer.status == status
