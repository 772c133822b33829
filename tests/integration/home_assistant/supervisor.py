"""A fake Supervisor with the add-ons, for Home Assistant's own integration."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import aiohttp

from tests.integration.home_assistant.supervisor_answers import (
    ACCEPTED,
    ANSWERS,
    REFUSED,
    addon_info,
)


@dataclass(frozen=True)
class Addon:
    """An add-on that has registered its address with the Supervisor."""

    slug: str
    name: str
    uuid: str
    uri: str

    @property
    def message(self) -> dict[str, Any]:
        config = {"uri": self.uri}
        return {"addon": self.slug, "service": "wyoming", "uuid": self.uuid, "config": config}


@dataclass
class Supervisor:
    """Requests that it received, and its answers."""

    token: str
    addons: list[Addon] = field(default_factory=list)
    refresh_token: str = ""
    unknown: list[str] = field(default_factory=list)
    """Unknown paths that were requested."""
    address: str = ""

    def answer(self, path: str, body: dict[str, Any]) -> tuple[HTTPStatus, Any]:
        """Answer a request of Home Assistant."""
        if path in ("/core/options", "/homeassistant/options") and "refresh_token" in body:
            self.refresh_token = body["refresh_token"]
        known = ANSWERS | {"/discovery": {"discovery": [each.message for each in self.addons]}}
        for addon in self.addons:
            known[f"/discovery/{addon.uuid}"] = addon.message
            known[f"/addons/{addon.slug}/info"] = addon_info(addon.slug, addon.name)
        if path in known:
            return HTTPStatus.OK, {"result": "ok", "data": known[path]}
        if path in ACCEPTED:
            return HTTPStatus.OK, {"result": "ok", "data": {}}
        if path in REFUSED:
            return HTTPStatus.BAD_REQUEST, {"result": "error", "message": REFUSED[path]}
        self.unknown.append(path)
        return HTTPStatus.NOT_FOUND, {"result": "error", "message": f"no {path}"}

    async def discovered(self, addon: Addon, home: str, socket: Path | None) -> None:
        """Announce an add-on to Home Assistant, as the real one does.

        Newer releases serve the Supervisor at a Unix socket and trust it; older ones gave it a token.
        """
        self.addons.append(addon)
        connector = aiohttp.UnixConnector(str(socket)) if socket else None
        async with aiohttp.ClientSession(home, connector=connector) as core:
            sign = {}
            if connector is None:
                form = {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
                async with core.post("/auth/token", data=form) as answer:
                    sign = {"Authorization": f"Bearer {(await answer.json())['access_token']}"}
            path = f"/api/hassio_push/discovery/{addon.uuid}"
            async with core.post(path, json=addon.message, headers=sign) as answer:
                assert answer.status == HTTPStatus.OK, await answer.text()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, supervisor: Supervisor, *arguments: Any) -> None:
        self._supervisor = supervisor
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        """Log nothing."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or "{}")
        if self.headers["Authorization"] == f"Bearer {self._supervisor.token}":
            status, said = self._supervisor.answer(self.path, body or {})
        else:
            status, said = HTTPStatus.UNAUTHORIZED, {"result": "error", "message": "who?"}
        answer = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


@contextmanager
def supervising() -> Iterator[Supervisor]:
    """Serve one request at a time until the end of the block."""
    supervisor = Supervisor(token="a token of the Supervisor")
    with HTTPServer(("127.0.0.1", 0), partial(_Handler, supervisor)) as server:
        supervisor.address = f"127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="supervisor")
        thread.start()
        try:
            yield supervisor
        finally:
            server.shutdown()
            thread.join()
