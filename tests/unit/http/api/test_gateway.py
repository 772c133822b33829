"""Errors, keys, places and the model's state, before a handler of the API runs."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
import pytest
from aiohttp import web

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.http_api import Api, serving_api
from tests.support.peers import peer
from wyoming_voice_stack.errors import (
    Busy,
    EmptyText,
    EngineError,
    ModelNotFound,
    OutOfMemory,
    ShuttingDown,
    TooLarge,
    UnknownLanguage,
    UnknownModel,
    UnknownVoice,
    UnsupportedAudio,
    VoiceStackError,
)
from wyoming_voice_stack.http.api import gateway as gateway_module
from wyoming_voice_stack.http.api.api_errors import InvalidField
from wyoming_voice_stack.http.api.elsewhere import Elsewhere
from wyoming_voice_stack.http.api.streaming import WRITE_SECONDS, open_stream, send
from wyoming_voice_stack.logs import REPEATS, Repeats


async def ok(request: web.Request) -> web.Response:
    return web.json_response({"path": request.path})


def raises(error: Exception) -> list[web.RouteDef]:
    async def handler(request: web.Request) -> web.Response:
        del request
        raise error

    return [web.post("/v1/audio/speech", handler)]


ROUTES = [web.post("/v1/audio/speech", ok), web.get("/v1/models/{id:.+}", ok)]


@pytest.mark.parametrize(
    ("error", "status", "kind", "code", "param"),
    [
        (UnsupportedAudio("x"), 400, "invalid_request_error", "unsupported_audio", "file"),
        (EmptyText("x"), 400, "invalid_request_error", "empty_text", "input"),
        (UnknownLanguage("x"), 400, "invalid_request_error", "unknown_language", "language"),
        (UnknownVoice("x"), 400, "invalid_request_error", "voice_not_found", "voice"),
        (UnknownModel("x"), 404, "invalid_request_error", "model_not_found", "model"),
        (TooLarge("x"), 413, "invalid_request_error", "too_large", None),
        (Busy("x"), 429, "rate_limit_error", "busy", None),
        (ShuttingDown("x"), 503, "server_error", "shutting_down", None),
        (ModelNotFound("x"), 503, "server_error", "model_not_found", None),
        (EngineError("x"), 500, "server_error", "engine_failed", None),
        (OutOfMemory("x"), 500, "server_error", "out_of_memory", None),
        (InvalidField("x", param="speed"), 400, "invalid_request_error", "invalid_value", "speed"),
        (
            InvalidField("x", param="voice", code="c"),
            400,
            "invalid_request_error",
            "c",
            "voice",
        ),
    ],
)
async def test_error_bodies(
    error: VoiceStackError, status: int, kind: str, code: str, param: str | None
) -> None:
    async with serving_api(raises(error)) as api:
        answer, body = await api.ask("POST", "/v1/audio/speech")
        assert answer.status == status
        assert body == {"error": {"message": "x", "type": kind, "param": param, "code": code}}
        assert ("Retry-After" in answer.headers) is (status in {429, 503})
        assert answer.headers["x-request-id"].startswith("req_")
        assert f'errors_total{{code="{error.code}"}} 1.0' in api.metrics.render().decode()


async def test_an_unexpected_error_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    async with serving_api(raises(ValueError("turn on the lamp"))) as api:
        answer, body = await api.ask("POST", "/v1/audio/speech")
    assert answer.status == 500
    assert "lamp" not in str(body)
    assert "ValueError" in caplog.text
    assert "lamp" not in caplog.text


async def test_a_client_cannot_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, gateway_module.__name__)
    async with serving_api(raises(Busy("all busy"))) as api:
        await api.ask("POST", "/v1/audio/speech")
    [line] = [line for line in caplog.records if "all busy" in line.getMessage()]
    assert getattr(line, REPEATS) == Repeats("busy over HTTP of 127.0.0.1", 10)


async def test_a_path_cannot_control_the_terminal(caplog: pytest.LogCaptureFixture) -> None:
    async with serving_api([]) as api:
        await api.ask("GET", "/v1/a%0D%1Bb")
    [line] = [line for line in caplog.messages if "/v1/a" in line]
    assert "/v1/a%0D%1Bb:" in line
    assert line.isprintable()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1", 404, "not_found"),
        ("GET", "/v1/", 404, "not_found"),
        ("GET", "/v1/readyz", 404, "not_found"),
        ("POST", "/v1/chat/completions", 404, "not_found"),
        ("GET", "/v1/audio/speech", 405, "method_not_allowed"),
        ("DELETE", "/v1/models/a/b", 405, "method_not_allowed"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
async def test_unknown_paths_and_methods(
    method: str, path: str, status: int, code: str, first: bool
) -> None:
    async with serving_api(ROUTES) as api:
        if not first:
            await api.ask("POST", "/v1/audio/speech")
        answer, body = await api.ask(method, path)
    assert answer.status == status
    assert body["error"]["code"] == code  # type: ignore[index]
    if status == 405:
        assert answer.headers["Allow"] in {"POST", "GET,HEAD", "GET, HEAD"}


async def test_ids_with_a_slash() -> None:
    async with serving_api(ROUTES) as api:
        _, body = await api.ask("GET", "/v1/models/org/name")
    assert body == {"path": "/v1/models/org/name"}


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


class TestModel:
    async def test_a_request_waits_for_it(self) -> None:
        async with serving_api(ROUTES) as api:
            api.service.state = "loading"
            waiting = asyncio.create_task(api.ask("POST", "/v1/audio/speech"))
            await eventually(lambda: api.listener._http_connections.requests == 1)
            api.service.state = "ready"
            assert (await waiting)[0].status == 200

    async def test_but_not_for_ever(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gateway_module, "LOADING_WAIT_SECONDS", 0.0)
        async with serving_api(ROUTES) as api:
            api.service.state = "loading"
            answer, body = await api.ask("POST", "/v1/audio/speech")
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "5"
        assert body["error"]["code"] == "loading"  # type: ignore[index]

    async def test_the_other_server_needs_none(self) -> None:
        there = Elsewhere(
            "speech-to-text", "Text to speech", "TTS_PORT", 5002, ("/v1/audio/speech",)
        )
        async with serving_api([], elsewhere=there.routes()) as api:
            api.service.state = "loading"
            answer, body = await api.ask("POST", "/v1/audio/speech")
        assert answer.status == 404
        assert "port 5002 (TTS_PORT)" in str(body)


async def test_a_broken_response_does_not_end_cleanly(caplog: pytest.LogCaptureFixture) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = await open_stream(request, "audio/mpeg")
        await send(response, b"first")
        raise EngineError("the model broke")

    caplog.set_level(logging.WARNING)
    async with serving_api([web.post("/v1/half", half)]) as api:
        url = f"http://127.0.0.1:{api.port}/v1/half"
        async with api.http.post(url) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Type"] == "audio/mpeg"
            with pytest.raises(aiohttp.ClientError):
                await answer.read()
    assert "cut off: the model broke" in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_reader_that_does_not_read(caplog: pytest.LogCaptureFixture) -> None:
    ended = asyncio.Event()

    async def flood(request: web.Request) -> web.StreamResponse:
        response = await open_stream(request, "audio/pcm")
        response[WRITE_SECONDS] = 0.05
        try:
            while True:
                await send(response, bytes(65536))
        finally:
            ended.set()

    async with serving_api([web.post("/v1/flood", flood)]) as api, peer(api.port) as client:
        await client.send_raw(
            b"POST /v1/flood HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
        )
        async with asyncio.timeout(20):
            await ended.wait()
        await eventually(lambda: not api.listener._http_connections.requests)
    assert "WRITE_TIMEOUT_SECONDS" in caplog.text


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
            answer, _ = await api.ask("POST", "/v1/audio/speech")
            assert "Access-Control-Allow-Origin" not in answer.headers
            assert answer.headers["Vary"] == "Origin"


async def test_the_routes_are_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[Api] = []
    original = gateway_module.Gateway.guarded

    def counted(self: gateway_module.Gateway, *given: object, **more: object) -> object:
        built.append(self)  # type: ignore[arg-type]
        return original(self, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(gateway_module.Gateway, "guarded", counted)
    async with serving_api(ROUTES) as api:
        await api.ask("GET", "/health")
        assert not built
        await asyncio.gather(*(api.ask("POST", "/v1/audio/speech") for _ in range(5)))
        assert len(built) == 1


async def test_routes_that_cannot_be_built(caplog: pytest.LogCaptureFixture) -> None:
    async with serving_api([web.get("not a path", ok)]) as api:
        for _ in range(2):
            answer, body = await api.ask("POST", "/v1/audio/speech")
            assert answer.status == 500
            assert "log" in str(body)
    assert "/v1 cannot be served" in caplog.text
