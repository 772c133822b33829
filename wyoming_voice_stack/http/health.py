"""Health, readiness and metrics over HTTP, on the same port as the Wyoming protocol."""

from __future__ import annotations

from dataclasses import asdict
from typing import Protocol

from aiohttp import web

from wyoming_voice_stack import __version__
from wyoming_voice_stack.engine.status import ServiceStatus, is_ready
from wyoming_voice_stack.metrics import Metrics

MAX_REQUEST_BODY_BYTES = 1024
MAX_HEADER_BYTES = 8 * 1024
KEEPALIVE_SECONDS = 15.0
LINGERING_SECONDS = 1.0
"""How long the unread body of a request may delay the end of its connection."""

_OK, _UNAVAILABLE = 200, 503


class HasStatus(Protocol):
    """A service that reports its state."""

    def status(self) -> ServiceStatus:
        """Return the current state; never blocks."""
        ...


def make_runner(service: HasStatus, metrics: Metrics) -> web.AppRunner:
    """Create the application that serves `/health`, `/ready` and `/metrics`; call `setup()` before use."""

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

    app = web.Application(client_max_size=MAX_REQUEST_BODY_BYTES)
    app.router.add_get("/health", health)
    app.router.add_get("/ready", ready)
    app.router.add_get("/metrics", show_metrics)
    return web.AppRunner(
        app,
        handle_signals=False,
        access_log=None,
        keepalive_timeout=KEEPALIVE_SECONDS,
        lingering_time=LINGERING_SECONDS,
        shutdown_timeout=LINGERING_SECONDS,
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
    )


def _answer(status: ServiceStatus, *, alive: bool) -> web.Response:
    # Container health checks look for `status`; `state` has the details.
    body = {"status": "ok" if alive else "unavailable", **asdict(status), "version": __version__}
    return web.json_response(body, status=_OK if alive else _UNAVAILABLE)
