"""Health, readiness and metrics over HTTP, on the same port as the Wyoming protocol."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Protocol

from aiohttp import web

from wyoming_voice_stack import __version__
from wyoming_voice_stack.engine.status import ServiceStatus, is_ready
from wyoming_voice_stack.errors import without_paths
from wyoming_voice_stack.metrics import Metrics

_OK, _UNAVAILABLE = 200, 503


class HasStatus(Protocol):
    """A service that reports its state."""

    def status(self) -> ServiceStatus:
        """Return the current state; never blocks."""
        ...


def health_routes(service: HasStatus, metrics: Metrics) -> list[web.RouteDef]:
    """Return the routes of `/health`, `/ready` and `/metrics`."""

    async def health(_: web.Request) -> web.Response:
        status = service.status()
        return _answer(status, alive=status.state != "failed")

    async def ready(_: web.Request) -> web.Response:
        status = service.status()
        return _answer(status, alive=is_ready(status))

    async def show_metrics(_: web.Request) -> web.Response:
        status = service.status()
        metrics.served.info({"version": __version__, "mode": status.mode, **status.served})
        return web.Response(
            body=metrics.render(),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )

    return [web.get("/health", health), web.get("/ready", ready), web.get("/metrics", show_metrics)]


def _answer(status: ServiceStatus, *, alive: bool) -> web.Response:
    status = replace(status, detail=without_paths(status.detail))
    # Container health checks look for `status`; `state` has the details.
    body = {"status": "ok" if alive else "unavailable", **asdict(status), "version": __version__}
    return web.json_response(body, status=_OK if alive else _UNAVAILABLE)
