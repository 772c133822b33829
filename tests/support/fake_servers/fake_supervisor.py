"""A Supervisor on loopback: keeps discovery messages as the genuine one does, and tells of Home Assistant."""

from __future__ import annotations

import argparse
import asyncio
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

TOKEN = "key-of-the-add-on"
LOOPBACK = "127.0.0.1"


class FakeSupervisor:
    """Answers `POST /discovery` and `GET /core/api/config`; records every call."""

    def __init__(self, log: Callable[[str], None] = lambda _: None) -> None:
        self._log = log
        self.calls: list[tuple[str, str]] = []
        self.messages: dict[str, dict[str, Any]] = {}
        self.language: Any = "de"
        self.answers: list[web.Response | None] = []
        """What the next calls are answered instead; None is the right answer."""
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self, host: str = LOOPBACK, port: int = 0) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0]
        self.url = f"http://{bound[0]}:{bound[1]}"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

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
        # The same message of the same add-on is known again.
        known = [name for name, kept in self.messages.items() if kept == message]
        name = known[0] if known else uuid.uuid4().hex
        self.messages[name] = message
        return name


@asynccontextmanager
async def supervisor(
    prepare: Callable[[FakeSupervisor], None] = lambda _: None,
) -> AsyncIterator[FakeSupervisor]:
    fake = FakeSupervisor()
    prepare(fake)
    await fake.start()
    try:
        yield fake
    finally:
        await fake.stop()


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def serve(host: str, port: int) -> None:
    """Write each call with what it says, until the process is ended."""
    fake = FakeSupervisor(log=_tell)
    await fake.start(host, port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default=LOOPBACK)
    parser.add_argument("--port", type=int, default=8099)
    given = parser.parse_args()
    asyncio.run(serve(given.host, given.port))
