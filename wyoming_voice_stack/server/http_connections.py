"""The HTTP connections of a server, and the requests among them that make it work.

Connections at rest are bounded in number and time, and give way to newer ones. A connection with a
request that works is never cut for another one; beyond the limit, the newest request is refused.
A WebSocket is at rest while nothing is in progress on it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial

from aiohttp import web

from wyoming_voice_stack.errors import NoFreePlace, ShuttingDown
from wyoming_voice_stack.http.application import OpenSocket
from wyoming_voice_stack.server.admission import is_loopback, places_of_one_address, source_of
from wyoming_voice_stack.server.bounded_connections import BoundedConnections
from wyoming_voice_stack.server.departures import DepartureWatch
from wyoming_voice_stack.server.memory_return import MemoryReturn

RESTING_CONNECTIONS = 256
"""HTTP connections without a request that works, also those whose refused upload still arrives: more than
browsers and programs of a house open. They have a limit of their own, so that a busy server
stays observable."""
REST_SECONDS = 75.0
"""How long such a connection may take for its next request; more than aiohttp keeps one that is idle."""
IDLE_SOCKETS = 256
"""WebSockets without work in progress; the oldest of the address with most gives way to a new one."""
SOCKET_SECONDS = 3_900.0
"""How long one may be without work; sessions end before."""
DEFAULT_REQUESTS = 64


class HttpConnections:
    """Keeps track of HTTP connections and gives places to requests that work."""

    def __init__(self, max_requests: int = DEFAULT_REQUESTS) -> None:
        self._max_requests = max_requests
        self._resting = BoundedConnections(RESTING_CONNECTIONS, REST_SECONDS)
        self._idle_sockets = BoundedConnections(IDLE_SOCKETS, SOCKET_SECONDS)
        self._sockets = 0
        self._sources: Counter[str] = Counter()
        self._finished = asyncio.Event()
        self._finished.set()
        self._working: set[asyncio.Task[object]] = set()
        """Those of requests over plain HTTP that have a place."""
        self._draining = False
        self._cut_off = False
        self._drain_began = asyncio.Event()
        self._memory_return = MemoryReturn()
        self._departures = DepartureWatch()

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
        """Take a place for a request, for the time of the context, in the task that answers it.

        Raises:
            NoFreePlace: all places are taken.
            ShuttingDown: the server takes no new requests, or does not wait for this one any longer.
        """
        with self._place(request), self._answered_when_cut_off():
            yield

    @contextmanager
    def _answered_when_cut_off(self) -> Iterator[None]:
        task = asyncio.current_task()
        if task is None:
            yield
            return
        self._working.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if self._cut_off:
                task.uncancel()
                raise ShuttingDown from None
            raise
        finally:
            self._working.discard(task)

    @contextmanager
    def _place(self, request: web.Request) -> Iterator[None]:
        transport = request.transport
        source = source_of(transport.get_extra_info("peername") if transport else None)
        self._check(source)
        self._sources[source] += 1
        self._finished.clear()
        if transport is not None:
            self._resting.remove(transport)
            self._idle_sockets.remove(transport)
        try:
            yield
        finally:
            self._sources[source] -= 1
            if not self._sources[source]:
                del self._sources[source]
            self._note_end()
            self._memory_return.connection_ended(request.content.total_bytes)

    @contextmanager
    def open_socket(self, request: web.Request) -> Iterator[_SocketPlace]:
        """Keep the connection of a WebSocket, without a place, for the time of the context.

        Raises:
            ShuttingDown: the server takes no new requests.
        """
        transport = request.transport
        if self._draining or transport is None:
            raise ShuttingDown
        place = _SocketPlace(
            partial(self._place, request),
            partial(self._rest_socket, transport),
            partial(self._departures.add, sock=transport.get_extra_info("socket")),
        )
        self._sockets += 1
        self._finished.clear()
        self._rest_socket(transport)
        try:
            yield place
        finally:
            place.give_back()
            if place.socket is not None:
                self._departures.remove(place.socket)
                self._memory_return.connection_ended(place.socket.received_bytes)
            self._sockets -= 1
            self._idle_sockets.remove(transport)
            self._touch(transport)
            self._note_end()

    def make_room(self) -> bool:
        """Abort a connection at rest; return False if there is none."""
        return self._resting.shorten() or self._idle_sockets.shorten()

    def keep(self, request: web.Request) -> None:
        """Note that a connection without a place is in use."""
        self._touch(request.transport)

    def drain(self) -> None:
        """Refuse new requests that work."""
        self._draining = True
        self._drain_began.set()

    def cut_off(self) -> None:
        """End the requests over plain HTTP that work; they are answered that the server shuts down."""
        self._cut_off = True
        for task in self._working:
            task.cancel()

    async def drains(self) -> None:
        """Wait until the server takes no new requests."""
        await self._drain_began.wait()

    async def finished(self) -> None:
        """Wait until no request has a place, and all WebSockets are closed."""
        await self._finished.wait()

    async def close(self) -> None:
        """Abort the connections at rest."""
        self._resting.close()
        self._idle_sockets.close()
        self._departures.close()
        await self._memory_return.close()

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

    def _rest_socket(self, transport: asyncio.Transport) -> None:
        self._resting.remove(transport)
        if not transport.is_closing():
            self._idle_sockets.add(transport)

    def _note_end(self) -> None:
        if not (self.requests or self._sockets):
            self._finished.set()

    def _touch(self, transport: asyncio.Transport | None) -> None:
        if transport is not None and not transport.is_closing():
            self._resting.add(transport)


class _SocketPlace:
    """The place of one WebSocket."""

    def __init__(
        self,
        enter: Callable[[], AbstractContextManager[None]],
        rest: Callable[[], None],
        watch: Callable[[OpenSocket], None],
    ) -> None:
        """`enter` takes a place; `rest` notes that the socket has none; `watch` notices its end."""
        self._enter = enter
        self._rest = rest
        self._watch = watch
        self.socket: OpenSocket | None = None
        """The socket, once it is open."""
        self._held: ExitStack | None = None

    def take(self) -> None:
        """Take a place, unless the socket has one.

        Raises:
            NoFreePlace: all places are taken.
            ShuttingDown: the server takes no new requests.
        """
        if self._held is None:
            held = ExitStack()
            held.enter_context(self._enter())
            self._held = held

    def give_back(self) -> None:
        """Leave the place to others."""
        if self._held is not None:
            self._held.close()
            self._held = None
            self._rest()

    def watch(self, socket: OpenSocket) -> None:
        """End the socket, which is open, when its client has left."""
        self.socket = socket
        self._watch(socket)
