"""The HTTP connections of a server, and the requests among them that make it work.

Connections at rest are bounded in number and time, and give way to newer ones. A connection with a
request that works is never cut for another one; beyond the limit, the newest request is refused.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from wyoming_voice_stack.errors import NoFreePlace, ShuttingDown
from wyoming_voice_stack.server.admission import is_loopback, places_of_one_address, source_of
from wyoming_voice_stack.server.bounded_connections import BoundedConnections
from wyoming_voice_stack.server.memory_return import MemoryReturn

RESTING_CONNECTIONS = 256
"""HTTP connections without a request that works, also those whose refused upload still arrives: more than
browsers and programs of a house open. They have a limit of their own, so that a busy server
stays observable."""
REST_SECONDS = 75.0
"""How long such a connection may take for its next request; more than aiohttp keeps one that is idle."""
DEFAULT_REQUESTS = 64


class HttpConnections:
    """Keeps track of HTTP connections and gives places to requests that work."""

    def __init__(self, max_requests: int = DEFAULT_REQUESTS) -> None:
        self._max_requests = max_requests
        self._resting = BoundedConnections(RESTING_CONNECTIONS, REST_SECONDS)
        self._sources: Counter[str] = Counter()
        self._finished = asyncio.Event()
        self._finished.set()
        self._draining = False
        self._drain_began = asyncio.Event()
        self._memory_return = MemoryReturn()

    @property
    def requests(self) -> int:
        """Number of requests that have a place."""
        return self._sources.total()

    @property
    def resting(self) -> int:
        """Number of connections without a request that works."""
        return len(self._resting)

    def add(self, transport: asyncio.Transport) -> None:
        """Take in a new connection."""
        self._resting.add(transport)

    @contextmanager
    def handling(self, request: web.Request) -> Iterator[None]:
        """Note that a connection is in use, for the time of the context."""
        self._touch(request.transport)
        try:
            yield
        finally:
            self._touch(request.transport)

    @contextmanager
    def enter(self, request: web.Request) -> Iterator[None]:
        """Take a place for a request, for the time of the context.

        Raises:
            NoFreePlace: all places are taken.
            ShuttingDown: the server takes no new requests.
        """
        transport = request.transport
        source = source_of(transport.get_extra_info("peername") if transport else None)
        self._check(source)
        self._sources[source] += 1
        self._finished.clear()
        if transport is not None:
            self._resting.remove(transport)
        try:
            yield
        finally:
            self._sources[source] -= 1
            if not self._sources[source]:
                del self._sources[source]
            if not self.requests:
                self._finished.set()
            self._touch(transport)
            self._memory_return.connection_ended(request.content.total_bytes)

    def keep(self, request: web.Request) -> None:
        """Note that a connection without a place is in use."""
        self._touch(request.transport)

    def drain(self) -> None:
        """Refuse new requests that work."""
        self._draining = True
        self._drain_began.set()

    async def drains(self) -> None:
        """Wait until the server takes no new requests."""
        await self._drain_began.wait()

    async def finished(self) -> None:
        """Wait until no request has a place."""
        await self._finished.wait()

    def close(self) -> None:
        """Abort the connections at rest."""
        self._resting.close()
        self._memory_return.close()

    def _check(self, source: str) -> None:
        if self._draining:
            raise ShuttingDown
        share = places_of_one_address(self._max_requests)
        # Programs of this machine, such as a load balancer, speak for many clients.
        if self.requests >= self._max_requests or (
            self._sources[source] >= share and not is_loopback(source)
        ):
            raise NoFreePlace(
                f"The server already works on {self.requests} API requests (MAX_API_REQUESTS); try"
                " again in a moment."
            )

    def _touch(self, transport: asyncio.Transport | None) -> None:
        if transport is not None and not transport.is_closing():
            self._resting.add(transport)
