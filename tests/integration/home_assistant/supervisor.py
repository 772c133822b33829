"""A fake Supervisor with the add-ons, for Home Assistant's own integration."""

from __future__ import annotations

import json
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

VERSION = {"version": "2024.3.3", "version_latest": "2024.3.3", "update_available": False}
ANSWERS: dict[str, Any] = {
    "/info": {"hostname": "home", "supervisor": "2024.3.1", "homeassistant": "2024.3.3"},
    "/host/info": {"hostname": "home", "operating_system": "Debian", "features": []},
    "/os/info": {"version": None, "board": None},
    "/core/info": VERSION,
    "/supervisor/info": {**VERSION, "auto_update": False, "healthy": True, "addons": []},
    "/core/stats": {"cpu_percent": 0.0, "memory_percent": 0.0},
    "/supervisor/stats": {"cpu_percent": 0.0, "memory_percent": 0.0},
    "/store": {"addons": [], "repositories": []},
    "/ingress/panels": {"panels": {}},
    "/resolution/info": {
        "unsupported": [],
        "unhealthy": [],
        "issues": [],
        "suggestions": [],
        "checks": [],
    },
}

ACCEPTED = {
    "/homeassistant/options",
    "/refresh_updates",
    "/supervisor/options",
    "/supervisor/ping",
}
"""Paths that are answered with an empty success."""


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
        if path == "/homeassistant/options":
            self.refresh_token = body["refresh_token"]
        known = ANSWERS | {"/discovery": {"discovery": [each.message for each in self.addons]}}
        for addon in self.addons:
            known[f"/discovery/{addon.uuid}"] = addon.message
            known[f"/addons/{addon.slug}/info"] = {"name": addon.name, "slug": addon.slug}
        if path in known:
            return HTTPStatus.OK, {"result": "ok", "data": known[path]}
        if path in ACCEPTED:
            return HTTPStatus.OK, {"result": "ok", "data": {}}
        self.unknown.append(path)
        return HTTPStatus.NOT_FOUND, {"result": "error", "message": f"no {path}"}

    def discovered(self, addon: Addon, home: str) -> None:
        """Announce an add-on to Home Assistant at `http://HOST:PORT`, as the real one does."""
        self.addons.append(addon)
        form = {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
        asked = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(f"{home}/auth/token", asked, timeout=30) as answer:
            access_token = json.load(answer)["access_token"]
        push = urllib.request.Request(
            f"{home}/api/hassio_push/discovery/{addon.uuid}",
            json.dumps(addon.message).encode(),
            {"Authorization": f"Bearer {access_token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(push, timeout=30) as answer:
            assert answer.status == HTTPStatus.OK


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
