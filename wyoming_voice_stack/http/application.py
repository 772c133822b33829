"""The HTTP application: health, readiness, metrics, and the API and page that are built on first use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol, TypeAlias

from aiohttp import web, web_response, web_server
from aiohttp.typedefs import Handler

from wyoming_voice_stack.http.deadlines import DEADLINES, Deadlines
from wyoming_voice_stack.http.error_body import REQUEST_ID_HEADER, new_request_id
from wyoming_voice_stack.http.health import HasStatus, health_routes
from wyoming_voice_stack.http.ingress import IS_ADDON
from wyoming_voice_stack.http.late_routes import BuildRoutes, LateRoutes
from wyoming_voice_stack.http.pacing import NEW_PACE, Pace
from wyoming_voice_stack.http.request_guard import make_guard
from wyoming_voice_stack.http.unread_bodies import LINGERING_SECONDS, answer_before_the_rest
from wyoming_voice_stack.metrics import Metrics

SERVER_NAME = "wyoming-voice-stack"
"""The `Server` header, without any version."""
MAX_REQUEST_BODY_BYTES = 1024
"""Bound of bodies that are not read in chunks; what takes uploads counts them itself."""
MAX_HEADER_BYTES = 8 * 1024
UNREAD_BODY_BYTES = 32 * 1024
"""What is received of a body before its handler reads it; twice as much stops the client. aiohttp's own
value is 256 KiB, of which two hundred uploads made 100 MB."""
KEEPALIVE_SECONDS = 60.0
"""How long a connection may wait for its next request. Longer than clients keep one, so that no client
sends a request on a connection that is about to be closed."""
HALF_CLOSE_SECONDS = 0.5
"""After the client closed its sending side: time for the answers to what it sent before."""
SHUTDOWN_SECONDS = 1.0
"""How long a handler may take to end after it was cancelled."""
AddHeaders: TypeAlias = Callable[[web.Request, web.StreamResponse], None]
PAGE_ROUTES = "/ui/"
"""The key of the page among the late routes."""
RESPONSE_KEY = web.RequestKey("response", web.StreamResponse)
"""Of a request: its response, once the first byte of it is sent."""


HEADERS_KEY: web.RequestKey[AddHeaders] = web.RequestKey("headers")
"""Of a request: a function that completes the headers of its response."""


class OpenSocket(Protocol):
    """A WebSocket whose client may leave while not all that it sent is read."""

    @property
    def received_bytes(self) -> int:
        """What the client has sent."""
        ...

    def probe(self) -> None:
        """Send something without a meaning if more of the client's data waits."""
        ...

    def abandon(self) -> None:
        """End now, without reading the rest."""
        ...


class SocketPlace(Protocol):
    """The place of a WebSocket, which it has while it makes the server work."""

    def take(self) -> None:
        """Take a place, unless it has one.

        Raises:
            NoFreePlace: all places are taken.
            ShuttingDown: the server takes no new requests.
        """
        ...

    def give_back(self) -> None:
        """Leave the place to others: nothing is in progress."""
        ...

    def watch(self, socket: OpenSocket) -> None:
        """End the socket, which is open, when its client has left."""
        ...


SOCKET_PLACE_KEY: web.RequestKey[SocketPlace] = web.RequestKey("socket_place")
"""Of a request for a WebSocket: its place."""


class RequestPlaces(Protocol):
    """The requests that a server works on at once."""

    def enter(self, request: web.Request) -> AbstractContextManager[None]:
        """Take a place for a request, for the time of the context.

        A connection without a place is closed after some time, and gives way to others.

        Raises:
            NoFreePlace: all places are taken.
            ShuttingDown: the server takes no new requests.
        """
        ...

    def open_socket(self, request: web.Request) -> AbstractContextManager[SocketPlace]:
        """Keep the connection of a WebSocket, at first without a place, for the time of the context.

        Raises:
            ShuttingDown: the server takes no new requests.
        """
        ...

    async def drains(self) -> None:
        """Wait until the server takes no new requests: those that never end must end then."""
        ...

    def keep(self, request: web.Request) -> None:
        """Note that a connection without a place is in use, so that it is not closed soon."""
        ...


class _HttpConnection(web.RequestHandler):
    """A connection whose client may end its side, and whose own errors have a request id too.

    No handler and no signal of the application sees these errors, such as a broken header.
    """

    __slots__ = ()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Return whether to keep the connection, for the answers to what has arrived."""
        is_idle = self._waiter is not None and not self._waiter.done()
        request = self._current_request
        is_cut = request is not None and not request.content.is_eof()
        if is_idle or is_cut or self._upgraded:
            return False
        # A client that has left looks the same, and the work for it must end.
        self._loop.call_later(HALF_CLOSE_SECONDS, self.force_close)
        return True

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the response for an error outside of the handlers."""
        response = super().handle_error(request, status, exc, message)
        response.headers[REQUEST_ID_HEADER] = new_request_id()
        return response


def make_runner(
    service: HasStatus,
    metrics: Metrics,
    *,
    allowed_hosts: Collection[str] = (),
    before_request: Callable[[], Awaitable[None]] | None = None,
    handling: Callable[[web.Request], AbstractContextManager[None]] | None = None,
    late_routes: Mapping[str, BuildRoutes] | None = None,
    allowed_origins: Collection[str] = (),
    deadlines: Deadlines | None = None,
    new_pace: Callable[[], Pace] | None = None,
    namespace: str | None = None,
    is_addon: bool = False,
) -> web.AppRunner:
    """Create the application; call `setup()` before use.

    `allowed_hosts` are names of this server besides those of local networks. Each request waits for
    `before_request`, which bounds their rate, and is handled inside the context of `handling`.
    `new_pace` returns what bounds the rate of a body. `namespace` is the server's own in Kubernetes. `allowed_origins` are those of web pages that may use the API.
    `late_routes` are those of a path and all below it, such as `/v1`. `is_addon` means that requests
    through Home Assistant's ingress are trusted.
    """
    # aiohttp's own value has its version and Python's.
    web_response.SERVER_SOFTWARE = SERVER_NAME  # type: ignore[attr-defined]
    web_server.RequestHandler = _HttpConnection  # type: ignore[attr-defined]
    wait, track = before_request or _at_once, handling or (lambda _: nullcontext())

    @web.middleware
    async def tracked(request: web.Request, handler: Handler) -> web.StreamResponse:
        await wait()
        try:
            try:
                with track(request):
                    response = await handler(request)
            except web.HTTPException as error:
                await answer_before_the_rest(request, error)
                raise
            await answer_before_the_rest(request, response)
        except ConnectionError:
            if request.transport is not None and not request.transport.is_closing():
                raise
            # The client has left while it was answered; aiohttp logs an error that a handler raises.
            return request.get(RESPONSE_KEY) or web.Response()
        return response

    app = web.Application(
        client_max_size=MAX_REQUEST_BODY_BYTES,
        middlewares=[tracked, make_guard(allowed_hosts, allowed_origins, namespace)],
    )
    if new_pace is not None:
        app[NEW_PACE] = new_pace
    app[DEADLINES] = deadlines or Deadlines()
    app[IS_ADDON] = is_addon
    app.on_response_prepare.append(_complete_response)
    app.router.add_routes(health_routes(service, metrics))
    for prefix, build in (late_routes or {}).items():
        app.router.register_resource(LateRoutes(prefix, build))
    if PAGE_ROUTES in (late_routes or {}):
        app.router.add_get("/", _to_page)
    return web.AppRunner(
        app,
        handle_signals=False,
        # A client that leaves ends the work of its request.
        handler_cancellation=True,
        access_log=None,
        # Compressed bodies have no bound that can be checked beforehand.
        auto_decompress=False,
        keepalive_timeout=KEEPALIVE_SECONDS,
        lingering_time=LINGERING_SECONDS,
        read_bufsize=UNREAD_BODY_BYTES,
        shutdown_timeout=SHUTDOWN_SECONDS,
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
    )


async def _at_once() -> None:
    return


async def _to_page(_: web.Request) -> web.Response:
    """Lead to the page. Relative: through ingress, the browser sees another path."""
    raise web.HTTPFound(PAGE_ROUTES.lstrip("/"))


async def _complete_response(request: web.Request, response: web.StreamResponse) -> None:
    request[RESPONSE_KEY] = response
    add_headers = request.get(HEADERS_KEY)
    if add_headers is not None:
        add_headers(request, response)
    # setdefault: a handler may have named the request already, for its log lines.
    response.headers.setdefault(REQUEST_ID_HEADER, new_request_id())
