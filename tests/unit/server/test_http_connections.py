"""HTTP connections at rest give way; requests that work do not."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.http_api import Api, serving_api
from tests.support.peers import Peer, peer
from wyoming_voice_stack.server import http_connections as module
from wyoming_voice_stack.server.admission import places_of_one_address
from wyoming_voice_stack.server.bounded_connections import BoundedConnections

GET = b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /v1/wait HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"


def waiting(leave: asyncio.Event) -> list[web.RouteDef]:
    async def handler(request: web.Request) -> web.Response:
        del request
        await leave.wait()
        return web.json_response({})

    return [web.post("/v1/wait", handler)]


async def head(client: Peer) -> bytes:
    return await client.reader.readuntil(b"\r\n\r\n")


async def asking(api: Api, stack: AsyncExitStack) -> Peer:
    """A client whose request works."""
    before = api.listener._http_connections.requests
    client = await stack.enter_async_context(peer(api.port))
    await client.send_raw(POST)
    await eventually(lambda: api.listener._http_connections.requests > before)
    return client


async def test_the_idlest_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RESTING_CONNECTIONS", 2)
    async with serving_api(waiting(asyncio.Event())) as api, AsyncExitStack() as stack:
        idlest, used, newest = [await stack.enter_async_context(peer(api.port)) for _ in range(3)]
        for client in (used, idlest, used):
            await client.send_raw(GET)
            await head(client)
            await client.reader.readuntil(b"}")
        await newest.send_raw(GET)
        await head(newest)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await idlest.reader.readexactly(1)
        await used.send_raw(GET)
        await head(used)


async def test_requests_that_work_stay_however_many_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RESTING_CONNECTIONS", 2)
    leave = asyncio.Event()
    async with serving_api(waiting(leave)) as api, AsyncExitStack() as stack:
        working = [await asking(api, stack) for _ in range(4)]
        for _ in range(6):
            client = await stack.enter_async_context(peer(api.port))
            await client.send_raw(GET)
            await head(client)
        assert api.listener._http_connections.requests == 4
        leave.set()
        for client in working:
            assert b" 200 " in await head(client)
        await eventually(lambda: api.listener._http_connections.resting <= 2)


async def test_age_counts_from_the_last_request(monkeypatch: pytest.MonkeyPatch) -> None:
    leave = asyncio.Event()
    async with serving_api(waiting(leave)) as api, AsyncExitStack() as stack:
        connections = api.listener._http_connections
        client = await asking(api, stack)
        # The one that works has no age.
        assert connections.resting == 0
        monkeypatch.setattr(connections, "_resting", BoundedConnections(8, 0.01))
        silent = await stack.enter_async_context(peer(api.port))
        await silent.send_raw(b"GET /half")
        assert await silent.reader.read() == b""
        leave.set()
        assert b" 200 " in await head(client)
        await eventually(lambda: connections.resting == 0)


async def test_no_address_takes_all_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "is_loopback", lambda _: False)
    leave, limit = asyncio.Event(), 8
    async with serving_api(waiting(leave), max_api_requests=limit) as api:
        async with AsyncExitStack() as stack:
            for _ in range(places_of_one_address(limit)):
                await asking(api, stack)
            refused = await stack.enter_async_context(peer(api.port))
            await refused.send_raw(POST)
            assert b" 503 " in await head(refused)
        await eventually(lambda: not api.listener._http_connections.requests)


async def test_memory_of_uploads_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []

    async def read(request: web.Request) -> web.Response:
        return web.json_response(len(await request.content.read()))

    async with serving_api([web.post("/v1/read", read)]) as api:
        returning = api.listener._http_connections._memory_return
        monkeypatch.setattr(returning, "connection_ended", told.append)
        await api.ask("POST", "/v1/read", data=bytes(70_000))
    assert told == [70_000]


async def test_no_new_request_is_taken_in_the_grace_period() -> None:
    leave = asyncio.Event()
    async with serving_api(waiting(leave)) as api, AsyncExitStack() as stack:
        late = await stack.enter_async_context(peer(api.port))
        await late.send_raw(GET)
        await late.reader.readuntil(b"}")
        working = await asking(api, stack)
        draining = asyncio.create_task(api.listener.drain(WAIT_SECONDS))
        await asyncio.sleep(0)
        await late.send_raw(POST)
        assert b" 503 " in await head(late)
        assert b"shutting_down" in await late.reader.readuntil(b"}")
        leave.set()
        assert b" 200 " in await head(working)
        await draining


async def test_the_grace_period_can_be_cut_short() -> None:
    async with serving_api(waiting(asyncio.Event())) as api, AsyncExitStack() as stack:
        await asking(api, stack)
        draining = asyncio.create_task(api.listener.drain(WAIT_SECONDS))
        await eventually(lambda: "HTTP requests" in names_of_tasks())
        draining.cancel()
        await asyncio.wait({draining})
        assert "HTTP requests" not in names_of_tasks()
        await api.listener.drain(0.0)


def names_of_tasks() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks() if not task.cancelling()}


async def test_the_grace_period_ends(caplog: pytest.LogCaptureFixture) -> None:
    async with serving_api(waiting(asyncio.Event())) as api, AsyncExitStack() as stack:
        client = await asking(api, stack)
        await api.listener.drain(0.0)
        assert b" 503 " in await head(client)
        assert b"shutting_down" in await client.reader.readuntil(b"}")
    assert "1 requests were cut off" in caplog.text
    assert not api.listener._http_connections.requests


async def test_the_grace_period_ends_while_an_upload_arrives() -> None:
    async def read(request: web.Request) -> web.Response:
        return web.json_response(len(await request.content.read()))

    async with serving_api([web.post("/v1/read", read)]) as api, peer(api.port) as client:
        await client.send_raw(
            b"POST /v1/read HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf"
        )
        await eventually(lambda: api.listener._http_connections.requests > 0)
        await api.listener.drain(0.0)
        assert b" 503 " in await head(client)
        assert b"shutting_down" in await client.reader.readuntil(b"}")


async def test_what_is_cancelled_before_the_grace_period_ends_is_not_answered() -> None:
    async def handler(_: web.Request) -> web.Response:
        raise asyncio.CancelledError

    async with serving_api([web.post("/v1/wait", handler)]) as api, peer(api.port) as client:
        await client.send_raw(POST)
        assert await client.reader.read() == b""


async def test_a_connection_at_rest_makes_room() -> None:
    async with serving_api(waiting(asyncio.Event())) as api, AsyncExitStack() as stack:
        working = await asking(api, stack)
        resting = await stack.enter_async_context(peer(api.port))
        await resting.send_raw(GET)
        await head(resting)
        await resting.reader.readuntil(b"}")
        connections = api.listener._http_connections
        assert connections.make_room()
        assert await resting.reader.read() == b""
        assert not connections.make_room()
        assert not working.reader.at_eof()
