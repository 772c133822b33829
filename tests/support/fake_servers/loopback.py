"""A fake HTTP server on loopback. Imports only aiohttp: it also runs in the images, without pytest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

LOOPBACK = "127.0.0.1"


class LoopbackServer:
    """Serves paths, each with a handler, from `start` to `stop`."""

    def __init__(self) -> None:
        self.host = LOOPBACK
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def handlers(self) -> dict[str, Handler]:
        """Path patterns and their handlers, for all methods."""
        raise NotImplementedError

    async def start(self, host: str = LOOPBACK, port: int = 0) -> None:
        """Listen on `port`; 0 stands for the port of an earlier start, or any free one."""
        app = web.Application()
        for path, handler in self.handlers().items():
            app.router.add_route("*", path, handler)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port or self.port).start()
        self.host, self.port = self._runner.addresses[0][:2]

    async def stop(self) -> None:
        """Close all connections; may be called twice."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


Server = TypeVar("Server", bound=LoopbackServer)


@asynccontextmanager
async def running(server: Server, prepare: Callable[[Server], None]) -> AsyncIterator[Server]:
    prepare(server)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
