"""A page's own API behind aiohttp's test server, with visitors from anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.typedefs import Handler

from wyoming_voice_stack.engine.status import EngineState, ServiceStatus, Workload
from wyoming_voice_stack.http.application import RESPONSE_KEY
from wyoming_voice_stack.http.ingress import IS_ADDON
from wyoming_voice_stack.http.page.page_api import PageApi, PageLog
from wyoming_voice_stack.http.page.page_events import FetchProgress
from wyoming_voice_stack.http.page.page_files import PageFile, PageFiles, page_file
from wyoming_voice_stack.http.page.page_routes import PagePart
from wyoming_voice_stack.http.page.page_state import PageFacts
from wyoming_voice_stack.http.page.page_visitors import VisitorRules
from wyoming_voice_stack.logs import RecentLines
from wyoming_voice_stack.metrics import Metrics

REMOTE = "X-Test-Remote"
"""The address from which a request seems to come."""
STRANGER = {REMOTE: "192.168.1.9"}
INGRESS = {REMOTE: "172.30.32.2", "X-Ingress-Path": "/api/hassio_ingress/token"}
CHANGE = {"X-Voice-Stack": "1"}
KEY = "a long key"
FILES = {
    "index.html": b"<!doctype html><title>Page</title>",
    "app.js": b"export {}",
    "app.css": b"body {}",
}

Client = TestClient[web.Request, web.Application]


@dataclass
class ShownService:
    """A service in any state."""

    mode: str = "tts"
    state: EngineState = "ready"
    detail: str = ""
    load: Workload = field(default_factory=Workload)

    def status(self) -> ServiceStatus:
        return ServiceStatus(self.mode, "base", "cpu", self.state, self.detail)

    def workload(self) -> Workload:
        return self.load


class CountedPlaces:
    """Places for all requests; the server drains when the test says so."""

    def __init__(self) -> None:
        self.entered = 0
        self.kept = 0
        self.draining = asyncio.Event()

    @contextmanager
    def enter(self, request: web.Request) -> Iterator[None]:
        assert request.path
        self.entered += 1
        yield

    def open_socket(self, request: web.Request) -> NoReturn:
        raise AssertionError(request.path)

    def keep(self, request: web.Request) -> None:
        assert request.path
        self.kept += 1

    async def drains(self) -> None:
        await self.draining.wait()


FULL = VisitorRules("full", KEY, ("voice.example.org",))


def page_files() -> dict[str, PageFile]:
    return {name: page_file(name, body) for name, body in FILES.items()}


@asynccontextmanager
async def page(
    *parts: PagePart,
    rules: VisitorRules = FULL,
    service: Any = None,
    metrics: Metrics | None = None,
    lines: RecentLines | None = None,
    settings: Mapping[str, str] | None = None,
    fetches: tuple[FetchProgress, ...] = (),
    facts: PageFacts | None = None,
    is_addon: bool = True,
    places: CountedPlaces | None = None,
) -> AsyncIterator[Client]:
    """The page with these sections."""
    api = PageApi(
        service or ShownService(),
        service or ShownService(),
        metrics or Metrics(),
        facts or page_facts(),
        rules,
        PageLog(lines or RecentLines(), settings or {}),
        places or CountedPlaces(),
        parts=parts,
        fetches=lambda: fetches,
        files=PageFiles(page_files()),
    )
    app = web.Application(middlewares=[_from_elsewhere])
    app[IS_ADDON] = is_addon
    app.on_response_prepare.append(_note_response)
    app.add_routes(api.routes())
    async with TestClient(TestServer(app)) as client:
        yield client


def page_facts(**changes: Any) -> PageFacts:
    given: dict[str, Any] = {
        "name": "voice",
        "announced": True,
        "key_required": True,
        "languages": lambda: ("en", "de"),
    }
    return PageFacts(**(given | changes))


async def error_of(answer: aiohttp.ClientResponse) -> tuple[int, str]:
    """Status and code of a refusal, which has all four keys of OpenAI's errors."""
    error = (await answer.json())["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return answer.status, error["code"]


@web.middleware
async def _from_elsewhere(request: web.Request, handler: Handler) -> web.StreamResponse:
    remote = request.headers.get(REMOTE)
    return await handler(request if remote is None else request.clone(remote=remote))


async def _note_response(request: web.Request, response: web.StreamResponse) -> None:
    request[RESPONSE_KEY] = response
