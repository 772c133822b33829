"""Routes that are built with the first request for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from tests.support.fakes import WAIT_SECONDS
from wyoming_voice_stack.http import late_routes
from wyoming_voice_stack.http.late_routes import LateRoutes
from wyoming_voice_stack.logs import REPEATS, Repeats


async def ok(request: web.Request) -> web.Response:
    return web.Response(text=request.path)


class Build:
    """Takes its time."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.calls = 0
        self.entered = threading.Event()
        self.go_on = threading.Event()

    def __call__(self) -> Sequence[web.RouteDef]:
        self.calls += 1
        assert late_routes._BUILDING.locked()
        self.entered.set()
        assert self.go_on.wait(WAIT_SECONDS)
        return [web.route("*", f"{self._prefix}{{rest:.*}}", ok)]


async def test_routes_are_built_once() -> None:
    build = Build("/v1")
    routes = LateRoutes("/v1", build)
    requests = [
        asyncio.create_task(routes.resolve(make_mocked_request("GET", f"/v1/{number}")))
        for number in range(3)
    ]
    await asyncio.to_thread(build.entered.wait, WAIT_SECONDS)
    build.go_on.set()
    for match, _ in await asyncio.gather(*requests):
        assert match is not None
        assert match.handler is ok
    assert build.calls == 1


async def test_prefixes_are_built_one_after_the_other() -> None:
    # What they share must exist only once.
    api, page = Build("/v1"), Build("/ui")
    first = asyncio.create_task(
        LateRoutes("/v1", api).resolve(make_mocked_request("GET", "/v1/models"))
    )
    await asyncio.to_thread(api.entered.wait, WAIT_SECONDS)
    second = asyncio.create_task(
        LateRoutes("/ui", page).resolve(make_mocked_request("GET", "/ui/page"))
    )
    page.go_on.set()
    api.go_on.set()
    for match, _ in await asyncio.gather(first, second):
        assert match is not None
        assert match.handler is ok


@pytest.mark.parametrize(
    ("error", "code"), [(MemoryError(), b'"out_of_memory"'), (RuntimeError(), b"null")]
)
async def test_routes_that_cannot_be_built(
    error: Exception, code: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    def build() -> Sequence[web.RouteDef]:
        raise error

    request = make_mocked_request("GET", "/v1/models")
    match, _ = await LateRoutes("/v1", build).resolve(request)
    assert match is not None
    response = await match.handler(request)
    assert isinstance(response, web.Response)
    assert isinstance(response.body, bytes)
    assert response.status == 500
    assert code in response.body
    [record] = caplog.records
    assert getattr(record, REPEATS) == Repeats("/v1 cannot be served")
