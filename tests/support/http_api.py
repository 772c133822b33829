"""A server on a real port whose API has the routes of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from tests.support.peers import EchoService, listening
from wyoming_voice_stack.http.api.cross_origin import CrossOrigin
from wyoming_voice_stack.http.api.gateway import Gateway
from wyoming_voice_stack.http.api.keys import ApiKey
from wyoming_voice_stack.http.application import RequestPlaces
from wyoming_voice_stack.http.late_routes import BuildRoutes
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.server.listener import Listener


@dataclass(frozen=True)
class Api:
    """A running server, and a client for it."""

    listener: Listener
    http: aiohttp.ClientSession
    service: EchoService
    metrics: Metrics

    @property
    def port(self) -> int:
        return self.listener.port

    async def ask(
        self, method: str, path: str, **options: object
    ) -> tuple[aiohttp.ClientResponse, dict[str, object]]:
        """The response and its JSON."""
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.http.request(method, url, **options) as answer:  # type: ignore[arg-type]
            return answer, await answer.json()


@asynccontextmanager
async def serving_api(
    routes: Sequence[web.RouteDef],
    *,
    sockets: Sequence[web.RouteDef] = (),
    elsewhere: Sequence[web.RouteDef] = (),
    key: str | None = None,
    origins: Sequence[str] = (),
    hosts: Sequence[str] = (),
    max_api_requests: int = 8,
    metrics: Metrics | None = None,
    **options: object,
) -> AsyncIterator[Api]:
    service, metrics = EchoService(), metrics or Metrics()

    def late_routes(places: RequestPlaces) -> dict[str, BuildRoutes]:
        gateway = Gateway(ApiKey(key), CrossOrigin(origins, hosts), places, service, metrics)
        return {"/v1": lambda: gateway.guarded(routes, sockets=sockets, elsewhere=elsewhere)}

    async with (
        listening(
            service,
            max_api_requests=max_api_requests,
            late_routes=late_routes,
            metrics=metrics,
            allowed_origins=origins,
            allowed_hosts=hosts,
            **options,  # type: ignore[arg-type]
        ) as listener,
        aiohttp.ClientSession() as http,
    ):
        yield Api(listener, http, service, metrics)
