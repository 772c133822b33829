"""Health, readiness and metrics over HTTP, on the same port as the Wyoming protocol."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import asdict, replace
from typing import Protocol

from aiohttp import web, web_response

from wyoming_voice_stack import __version__
from wyoming_voice_stack.engine.status import ServiceStatus, is_ready
from wyoming_voice_stack.http.request_guard import make_guard
from wyoming_voice_stack.metrics import Metrics

SERVER_NAME = "wyoming-voice-stack"
"""The `Server` header, without any version."""
MAX_REQUEST_BODY_BYTES = 1024
MAX_HEADER_BYTES = 8 * 1024
KEEPALIVE_SECONDS = 15.0
LINGERING_SECONDS = 1.0
"""How long the unread body of a request may delay the end of its connection."""

_PATH = re.compile(r"""(?<![\w:/.~-])~?/(?:[^\s/,;:'"()]+/)*([^\s/,;:'"()]*)""")
"""An absolute path, and its last part; a URL is none."""
_OK, _UNAVAILABLE = 200, 503


class HasStatus(Protocol):
    """A service that reports its state."""

    def status(self) -> ServiceStatus:
        """Return the current state; never blocks."""
        ...


def make_runner(
    service: HasStatus,
    metrics: Metrics,
    *,
    allowed_hosts: Collection[str] = (),
    before_request: Callable[[], Awaitable[None]] | None = None,
) -> web.AppRunner:
    """Create the application that serves `/health`, `/ready` and `/metrics`; call `setup()` before use.

    `allowed_hosts` are names of this server besides those of local networks. Each request waits for
    `before_request`, which bounds their rate.
    """
    # aiohttp's own value has its version and Python's.
    web_response.SERVER_SOFTWARE = SERVER_NAME  # type: ignore[attr-defined]

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

    guard = make_guard(allowed_hosts, before_request or _at_once)
    app = web.Application(client_max_size=MAX_REQUEST_BODY_BYTES, middlewares=[guard])
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


async def _at_once() -> None:
    return


def without_paths(text: str) -> str:
    """Shorten each absolute path to its last part: where things are on the disk is nobody's business."""
    return _PATH.sub(r"\1", text)


def _answer(status: ServiceStatus, *, alive: bool) -> web.Response:
    status = replace(status, detail=without_paths(status.detail))
    # Container health checks look for `status`; `state` has the details.
    body = {"status": "ok" if alive else "unavailable", **asdict(status), "version": __version__}
    return web.json_response(body, status=_OK if alive else _UNAVAILABLE)
