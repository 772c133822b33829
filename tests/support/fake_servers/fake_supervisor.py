"""A fake Supervisor: keeps discovery messages as the real one does, and returns Home Assistant's configuration."""

from __future__ import annotations

import argparse
import asyncio
import sys
import uuid
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.support.fake_servers.loopback import LOOPBACK, LoopbackServer, running

TOKEN = "key-of-the-add-on"


class FakeSupervisor(LoopbackServer):
    """Answers `POST /discovery` and `GET /core/api/config`; records every call."""

    def __init__(self, log: Callable[[str], None] = lambda _: None) -> None:
        super().__init__()
        self._log = log
        self.calls: list[tuple[str, str]] = []
        self.messages: dict[str, dict[str, Any]] = {}
        self.language: Any = "de"
        self.answers: list[web.Response | None] = []
        """Answers to the next calls; None stands for the correct one."""

    def handlers(self) -> dict[str, Handler]:
        return {"/{path:.*}": self._answer}

    def of(self, method: str) -> list[str]:
        return [path for found, path in self.calls if found == method]

    async def _answer(self, request: web.Request) -> web.Response:
        self.calls.append((request.method, request.path))
        self._log(f"{request.method} {request.path} {await request.text()}")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"result": "error", "message": "unauthorized"}, status=401)
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            return answer
        if (request.method, request.path) == ("POST", "/discovery"):
            return web.json_response({"result": "ok", "data": {"uuid": await self._keep(request)}})
        if (request.method, request.path) == ("GET", "/core/api/config"):
            return web.json_response({"language": self.language, "country": "AT"})
        return web.json_response({"result": "error", "message": "not found"}, status=404)

    async def _keep(self, request: web.Request) -> str:
        message = await request.json()
        assert set(message) == {"service", "config"}
        # The same message of the same add-on keeps its UUID.
        known = [name for name, kept in self.messages.items() if kept == message]
        name = known[0] if known else uuid.uuid4().hex
        self.messages[name] = message
        return name


def supervisor(
    prepare: Callable[[FakeSupervisor], None] = lambda _: None,
) -> AbstractAsyncContextManager[FakeSupervisor]:
    return running(FakeSupervisor(), prepare)


def _print_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def serve(host: str, port: int) -> None:
    """Print each call until the process is ended."""
    fake = FakeSupervisor(log=_print_line)
    await fake.start(host, port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default=LOOPBACK)
    parser.add_argument("--port", type=int, default=8099)
    given = parser.parse_args()
    asyncio.run(serve(given.host, given.port))
