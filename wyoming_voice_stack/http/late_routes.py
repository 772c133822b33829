"""Routes that are imported and built with the first request for them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import Any, TypeAlias

from aiohttp import web
from yarl import URL

from wyoming_voice_stack.http.error_body import error_response
from wyoming_voice_stack.logs import REPEATS, Repeats
from wyoming_voice_stack.machine.memory import ran_out_of_memory

_LOGGER = logging.getLogger(__name__)

_BUILDING = Lock()
"""Held while routes are built: those of several prefixes share parts, which must exist only once."""

BuildRoutes: TypeAlias = Callable[[], Sequence[web.RouteDef]]
"""Imports and creates handlers and their routes; runs in a thread, once."""


class LateRoutes(web.AbstractResource):
    """All paths below a prefix. What serves them is built with the first request."""

    def __init__(self, prefix: str, build: BuildRoutes) -> None:
        """`build` also serves unknown paths and methods: its last route matches everything.

        A prefix that ends in a slash is itself served, too.
        """
        super().__init__()
        self._has_index = prefix.endswith("/")
        self._prefix = prefix.rstrip("/")
        self._build = build
        self._building: asyncio.Task[web.UrlDispatcher] | None = None

    @property
    def canonical(self) -> str:
        """The prefix, by which the router finds this resource."""
        return self._prefix

    async def resolve(
        self, request: web.Request
    ) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        """Return the handler of a request."""
        is_prefix = request.path.rstrip("/") == self._prefix
        if is_prefix and not self._has_index and self._building is None:
            # Clients ask for it only to open a connection early.
            return self._always(_nothing_here), set()
        try:
            router = await self._routes()
        except Exception as error:
            repeats = {REPEATS: Repeats(f"{self._prefix} cannot be served")}
            if ran_out_of_memory(error):
                _LOGGER.error(  # noqa: TRY400
                    "%s cannot be served: not enough memory", self._prefix, extra=repeats
                )
                return self._always(_without_memory), set()
            _LOGGER.exception("%s cannot be served", self._prefix, extra=repeats)
            return self._always(_failed), set()
        match = await router.resolve(request)
        if match.http_exception is None:
            return match, set()
        return self._always(_nothing_here), set()

    async def _routes(self) -> web.UrlDispatcher:
        if self._building is None:
            self._building = asyncio.create_task(self._build_router(), name=f"build {self._prefix}")
        building = self._building
        try:
            # A client that leaves ends its own wait, not that of others.
            return await asyncio.shield(building)
        except Exception:
            # The next request tries again.
            if self._building is building:
                self._building = None
            raise

    async def _build_router(self) -> web.UrlDispatcher:
        router = web.UrlDispatcher()
        router.add_routes(await asyncio.to_thread(self._build_alone))
        router.freeze()
        return router

    def _build_alone(self) -> Sequence[web.RouteDef]:
        with _BUILDING:
            return self._build()

    def _always(self, handler: Callable[[web.Request], Any]) -> web.UrlMappingMatchInfo:
        return web.UrlMappingMatchInfo({}, web.ResourceRoute("*", handler, self))

    def url_for(self, **kwargs: str) -> URL:
        """Return the prefix as a URL."""
        del kwargs
        return URL.build(path=self._prefix)

    def add_prefix(self, prefix: str) -> None:
        """Refuse to be part of another application."""
        raise NotImplementedError(f"{self._prefix} cannot be moved below {prefix}")

    def get_info(self) -> Any:
        """Return the prefix for introspection."""
        return {"prefix": self._prefix}

    def raw_match(self, path: str) -> bool:
        """Return whether a path is the prefix itself."""
        return path == self._prefix

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[web.AbstractRoute]:
        return iter(())


async def _nothing_here(request: web.Request) -> web.Response:
    return error_response(404, f"Nothing is served at {request.path!r:.200}.", code="not_found")


async def _failed(request: web.Request) -> web.Response:
    del request
    return error_response(500, "This part of the server cannot be loaded; its log says why.")


async def _without_memory(request: web.Request) -> web.Response:
    del request
    message = "The server has not enough memory to load this part of it; give it more memory."
    return error_response(500, message, code="out_of_memory")
