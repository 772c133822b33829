"""Errors, keys, places and the model's state, before a handler of the API runs."""

from __future__ import annotations

import asyncio
import logging

import aiohttp
import pytest
from aiohttp import web

from tests.support.fakes import eventually
from tests.support.gateway_routes import ROUTES, ok
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
from wyoming_voice_stack.http.api.api_errors import InvalidField, LateBody
from wyoming_voice_stack.http.api.elsewhere import Elsewhere
from wyoming_voice_stack.http.api.streaming import WRITE_SECONDS, open_stream, send
from wyoming_voice_stack.logs import REPEATS, Repeats


def raises(error: Exception) -> list[web.RouteDef]:
    async def handler(request: web.Request) -> web.Response:
        del request
        raise error

    return [web.post("/v1/audio/speech", handler)]


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
        (LateBody("x"), 408, "invalid_request_error", "timeout", None),
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


async def test_a_lack_of_memory_is_named() -> None:
    async with serving_api(raises(MemoryError())) as api:
        answer, body = await api.ask("POST", "/v1/audio/speech")
        assert answer.status == 500
        assert isinstance(body["error"], dict)
        assert body["error"]["code"] == "out_of_memory"


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
