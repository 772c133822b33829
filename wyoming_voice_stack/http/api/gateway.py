"""What every request to the API passes: origin, key, a place, a loaded model; and how its errors are answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from wyoming_voice_stack.errors import VoiceStackError, redacted_traceback
from wyoming_voice_stack.http.api.api_errors import (
    LOADING_RETRY_SECONDS,
    ModelLoading,
    refusal,
    to_response,
)
from wyoming_voice_stack.http.api.cross_origin import CrossOrigin, works
from wyoming_voice_stack.http.api.keys import ApiKey
from wyoming_voice_stack.http.api.requests import connection_name, logged_path, repeats_of
from wyoming_voice_stack.http.api.streaming import abort
from wyoming_voice_stack.http.application import (
    HEADERS_KEY,
    RESPONSE_KEY,
    SOCKET_PLACE_KEY,
    RequestPlaces,
)
from wyoming_voice_stack.http.error_body import error_response
from wyoming_voice_stack.http.health import HasStatus
from wyoming_voice_stack.http.ingress import is_ingress
from wyoming_voice_stack.logs import REPEATS
from wyoming_voice_stack.machine.memory import out_of_memory
from wyoming_voice_stack.metrics import Metrics

_LOGGER = logging.getLogger(__name__)

LOADING_WAIT_SECONDS = 20.0
"""How long a request is held while the model loads: below the 30 s for which clients wait."""
LOADING_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Gateway:
    """Wraps the handlers of the API."""

    key: ApiKey
    origins: CrossOrigin
    places: RequestPlaces
    service: HasStatus
    metrics: Metrics

    def guarded(
        self,
        routes: Sequence[web.RouteDef],
        *,
        sockets: Sequence[web.RouteDef] = (),
        elsewhere: Sequence[web.RouteDef] = (),
    ) -> list[web.RouteDef]:
        """Return the routes with wrapped handlers, and one that answers all other paths and methods.

        Requests to `routes` wait until the model is loaded, those to `elsewhere` do not. `sockets` are
        WebSockets: these wait too, and take a place only while they have work in progress.
        """
        known = web.UrlDispatcher()
        known.add_routes([*routes, *sockets, *elsewhere])
        return [
            *(self._wrapped(route, self._when_loaded(route.handler)) for route in routes),
            *(
                self._wrapped(route, self._when_loaded(route.handler), is_socket=True)
                for route in sockets
            ),
            *(self._wrapped(route, route.handler) for route in elsewhere),
            web.route("*", "/v1{rest:.*}", partial(self._answer, partial(self._other, known))),
        ]

    def _wrapped(
        self, route: web.RouteDef, handler: Handler, *, is_socket: bool = False
    ) -> web.RouteDef:
        answer = partial(self._answer, handler, is_socket=is_socket)
        return web.route(route.method, route.path, answer, **dict(route.kwargs))

    def _when_loaded(self, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            if works(request):
                await self._wait_for_model()
            return await handler(request)

        return handle

    async def _answer(
        self, handler: Handler, request: web.Request, *, is_socket: bool = False
    ) -> web.StreamResponse:
        """Handle a request; its errors become responses, or cut a response that has begun."""
        request[HEADERS_KEY] = self.origins.add_headers
        try:
            return await self._handle(handler, request, is_socket=is_socket)
        except VoiceStackError as error:
            return self._failed(request, error)
        except ConnectionError:
            # The client has left.
            raise
        except web.HTTPException as error:
            return error_response(error.status, error.text or error.reason)
        except Exception as error:  # noqa: BLE001 - the client must learn that its request failed
            # Without the message, which may quote what was spoken.
            trace = redacted_traceback(error)
            _LOGGER.error(  # noqa: TRY400
                "[%s] %s failed: %s", connection_name(request), logged_path(request), trace
            )
            internal = VoiceStackError("The server failed; its log says more.")
            return self._failed(request, out_of_memory(error) or internal)

    def _failed(self, request: web.Request, failure: VoiceStackError) -> web.StreamResponse:
        # Neither kept by `_answer`, which the error's traceback refers to, nor by a log record: what the request
        # held would be freed late.
        self.metrics.errors.labels(failure.code).inc()
        name = connection_name(request)
        repeats = {REPEATS: repeats_of(failure, name)}
        begun: web.StreamResponse | None = request.get(RESPONSE_KEY)
        if begun is not None:
            _LOGGER.warning("[%s] cut off: %s", name, str(failure), extra=repeats)
            abort(request)
            return begun
        _LOGGER.warning("[%s] %s: %s", name, logged_path(request), str(failure), extra=repeats)
        return to_response(failure)

    async def _handle(
        self, handler: Handler, request: web.Request, *, is_socket: bool
    ) -> web.StreamResponse:
        self.origins.check(request)
        if not works(request):
            return await handler(request)
        # Home Assistant has checked its user.
        if not is_ingress(request):
            self.key.check(request)
        if is_socket:
            with self.places.open_socket(request) as place:
                request[SOCKET_PLACE_KEY] = place
                try:
                    return await handler(request)
                finally:
                    # The place refers to the socket, and that to the request.
                    del request[SOCKET_PLACE_KEY]
        with self.places.enter(request):
            return await handler(request)

    async def _wait_for_model(self) -> None:
        try:
            async with asyncio.timeout(LOADING_WAIT_SECONDS):
                # The state changes in the engine's thread, which sets no event.
                while self.service.status().state in {"idle", "loading"}:  # noqa: ASYNC110
                    await asyncio.sleep(LOADING_POLL_SECONDS)
        except TimeoutError:
            raise ModelLoading(
                "The model is still loading; try again in some seconds.",
                headers={hdrs.RETRY_AFTER: str(LOADING_RETRY_SECONDS)},
            ) from None

    async def _other(self, known: web.UrlDispatcher, request: web.Request) -> web.StreamResponse:
        found = await known.resolve(request)
        if request.method == hdrs.METH_OPTIONS and isinstance(
            found.http_exception, web.HTTPMethodNotAllowed
        ):
            return self.origins.preflight(request)
        raise refusal(request, found)
