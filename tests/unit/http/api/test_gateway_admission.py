"""Which requests the gateway of the API admits: keys, places, origins."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.gateway_routes import ROUTES, ok
from tests.support.http_api import serving_api
from tests.support.peers import peer


class TestKey:
    @pytest.mark.parametrize("key", [None, "s3cret-ü"])
    @pytest.mark.parametrize(
        "headers",
        [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}],
    )
    async def test_wrong_keys(self, key: str | None, headers: dict[str, str]) -> None:
        async with serving_api(ROUTES, key=key) as api:
            answer, body = await api.ask("POST", "/v1/audio/speech", headers=headers)
            if key is None:
                assert answer.status == 200
                return
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert body["error"]["code"] == "invalid_api_key"  # type: ignore[index]
            listed, _ = await api.ask("GET", "/v1/models/x", headers=headers)
            assert listed.status == 200

    @pytest.mark.parametrize(
        "headers",
        [
            {"Authorization": "Bearer s3cret"},
            {"Authorization": "bearer s3cret"},
            {"Sec-WebSocket-Protocol": "realtime, openai-insecure-api-key.s3cret"},
        ],
    )
    async def test_right_key(self, headers: dict[str, str]) -> None:
        async with serving_api(ROUTES, key="s3cret") as api:
            answer, _ = await api.ask("POST", "/v1/audio/speech", headers=headers)
        assert answer.status == 200

    async def test_a_websocket_needs_it(self) -> None:
        routes = [web.get("/v1/realtime", ok)]
        headers = {"Upgrade": "websocket", "Connection": "Upgrade"}
        async with serving_api(routes, key="s3cret") as api:
            answer, _ = await api.ask("GET", "/v1/realtime", headers=headers)
        assert answer.status == 401


class TestPlaces:
    async def test_the_newest_is_refused(self) -> None:
        entered, leave = asyncio.Event(), asyncio.Event()

        async def wait(request: web.Request) -> web.Response:
            entered.set()
            await leave.wait()
            return await ok(request)

        async with serving_api([web.post("/v1/wait", wait)], max_api_requests=1) as api:
            working = asyncio.create_task(api.ask("POST", "/v1/wait"))
            await asyncio.wait_for(entered.wait(), WAIT_SECONDS)
            answer, body = await api.ask("POST", "/v1/wait")
            assert answer.status == 503
            assert answer.headers["Retry-After"] == "1"
            assert "MAX_API_REQUESTS" in str(body)
            listed, _ = await api.ask("GET", "/health")
            assert listed.status == 200
            leave.set()
            assert (await working)[0].status == 200
            answer, _ = await api.ask("POST", "/v1/wait")
            assert answer.status == 200

    async def test_a_client_that_leaves_ends_its_work(self) -> None:
        entered, cancelled = asyncio.Event(), asyncio.Event()

        async def wait(request: web.Request) -> web.Response:
            entered.set()
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                cancelled.set()
            return await ok(request)

        async with serving_api([web.post("/v1/wait", wait)]) as api:
            async with peer(api.port) as client:
                await client.send_raw(
                    b"POST /v1/wait HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
                )
                await asyncio.wait_for(entered.wait(), WAIT_SECONDS)
                assert api.listener._http_connections.requests == 1
            await asyncio.wait_for(cancelled.wait(), WAIT_SECONDS)
            await eventually(lambda: not api.listener._http_connections.requests)

    async def test_drain_waits_for_requests_and_refuses_new_ones(self) -> None:
        entered, leave = asyncio.Event(), asyncio.Event()

        async def wait(request: web.Request) -> web.Response:
            entered.set()
            await leave.wait()
            return await ok(request)

        async with serving_api([web.post("/v1/wait", wait)]) as api, peer(api.port) as second:
            await second.send_raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b" 200 " in await second.reader.readuntil(b"\r\n")
            working = asyncio.create_task(api.ask("POST", "/v1/wait"))
            await asyncio.wait_for(entered.wait(), WAIT_SECONDS)
            draining = asyncio.create_task(api.listener.drain(20.0))
            await eventually(lambda: api.listener._http_connections._draining)
            await second.send_raw(
                b"POST /v1/wait HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
            )
            rest = await second.reader.readuntil(b"shutting_down")
            assert b" 503 " in rest
            assert not draining.done()
            leave.set()
            assert (await working)[0].status == 200
            await draining


class TestOrigins:
    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({}, 200),
            ({"Origin": "http://127.0.0.1:{port}"}, 200),
            ({"Origin": "https://chat.example.com"}, 200),
            ({"Origin": "https://voice.example.org"}, 200),
            ({"Origin": "http://127.0.0.1:1"}, 403),
            ({"Origin": "http://[broken"}, 403),
            ({"Origin": "https://evil.example"}, 403),
            ({"Sec-Fetch-Site": "cross-site"}, 403),
            ({"Sec-Fetch-Site": "same-origin"}, 200),
        ],
    )
    async def test_who_may_send(self, headers: dict[str, str], status: int) -> None:
        origins, hosts = ("https://chat.example.com",), ("voice.example.org",)
        async with serving_api(ROUTES, origins=origins, hosts=hosts) as api:
            filled = {name: value.format(port=api.port) for name, value in headers.items()}
            answer, _ = await api.ask("POST", "/v1/audio/speech", headers=filled)
        assert answer.status == status

    async def test_cors_is_off(self) -> None:
        async with serving_api(ROUTES) as api:
            url = f"http://127.0.0.1:{api.port}/v1/audio/speech"
            origin = {"Origin": f"http://127.0.0.1:{api.port}"}
            async with api.http.options(url, headers=origin) as answer:
                assert answer.status == 204
                assert not [name for name in answer.headers if "Access-Control" in name]

    async def test_cors_for_an_origin(self) -> None:
        origin = {"Origin": "https://chat.example.com"}
        wanted = {"Access-Control-Request-Headers": "authorization, x-stainless-os"}
        async with serving_api(ROUTES, origins=("https://chat.example.com",)) as api:
            url = f"http://127.0.0.1:{api.port}/v1/audio/speech"
            async with api.http.options(url, headers=origin | wanted) as answer:
                assert answer.status == 204
                assert answer.headers["Access-Control-Allow-Origin"] == "https://chat.example.com"
                assert (
                    answer.headers["Access-Control-Allow-Headers"]
                    == "authorization, x-stainless-os"
                )
                assert answer.headers["Vary"] == "Origin"
            answer, _ = await api.ask("POST", "/v1/audio/speech", headers=origin)
            assert answer.headers["Access-Control-Allow-Origin"] == "https://chat.example.com"
            assert answer.headers["Access-Control-Expose-Headers"] == "x-request-id, Retry-After"
            answer, _ = await api.ask("POST", "/v1/audio/speech")
            assert "Access-Control-Allow-Origin" not in answer.headers
            assert answer.headers["Vary"] == "Origin"
