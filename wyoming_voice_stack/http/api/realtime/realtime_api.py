"""`GET /v1/realtime`: a WebSocket for each session."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from aiohttp import WSCloseCode, web

from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.http.api.api_errors import InvalidField, NotServed
from wyoming_voice_stack.http.api.cross_origin import is_websocket
from wyoming_voice_stack.http.api.elsewhere import Elsewhere
from wyoming_voice_stack.http.api.realtime.client_events import ClientEvent, Fields
from wyoming_voice_stack.http.api.realtime.event_socket import (
    EventSocket,
    Pay,
    new_id,
    require_subprotocol,
)
from wyoming_voice_stack.http.api.realtime.frame_intake import SHARED_BYTES
from wyoming_voice_stack.http.api.requests import connection_name, repeats_of
from wyoming_voice_stack.http.application import SOCKET_PLACE_KEY, SocketPlace
from wyoming_voice_stack.http.deadlines import deadlines_of
from wyoming_voice_stack.logs import REPEATS
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.connection.inbox import InboxPool

_LOGGER = logging.getLogger(__name__)

REALTIME_PATH = "/v1/realtime"
SESSION_SECONDS = 1800.0
"""After this, a session ends as soon as nothing is in progress."""
LAST_SECONDS = 1800.0
"""How much longer a session may last in which something is always in progress."""
RECHECK_SECONDS = 0.25
"""How often a session that shall end is looked at."""


class RealtimeSession(Protocol):
    """What answers the events of one client."""

    @property
    def busy(self) -> bool:
        """True while something that the client waits for is in progress."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return the settings as clients know them."""
        ...

    async def update(self, session: Fields) -> None:
        """Change the settings by a `session.update`; an error leaves them as they are."""
        ...

    async def handle(self, event: ClientEvent) -> None:
        """Answer another event; an error does not end the session, except `NotServed`."""
        ...

    def close(self) -> None:
        """Stop the engine's work for this client."""
        ...


class RealtimeMode(Protocol):
    """What this server does: it transcribes or speaks."""

    @property
    def type(self) -> str:
        """The `type` of its sessions."""
        ...

    def check_model(self, name: str | None) -> None:
        """Accept the model that a request names, or raise `UnknownModel`."""
        ...

    def open_session(
        self, model: str | None, socket: EventSocket, name: str, tasks: asyncio.TaskGroup
    ) -> RealtimeSession:
        """Open the session of the client `name`, whose tasks belong to `tasks`."""
        ...


class RealtimeApi:
    """Serves the WebSocket."""

    def __init__(
        self,
        mode: RealtimeMode,
        elsewhere: Elsewhere,
        metrics: Metrics,
        *,
        draining: Callable[[], Awaitable[None]],
        new_rate: Callable[[], Pay],
    ) -> None:
        """`draining` returns when the server stops; `new_rate` bounds the events of one client."""
        self._mode = mode
        self._elsewhere = elsewhere
        self._metrics = metrics
        self._draining = draining
        self._new_rate = new_rate
        self._incomplete = InboxPool(SHARED_BYTES)

    def routes(self) -> list[web.RouteDef]:
        """Return the one route."""
        return [web.get(REALTIME_PATH, self._serve, allow_head=False)]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if not is_websocket(request):
            raise InvalidField(
                f"{REALTIME_PATH} is a WebSocket; connect to it with ws:// or wss://.",
                code="websocket_required",
            )
        require_subprotocol(request)
        intent, model = request.query.get("intent"), request.query.get("model")
        wanted = self._mode.type
        if intent:
            wanted = "transcription" if intent == "transcription" else "realtime"
        if wanted == self._mode.type:
            self._mode.check_model(model)
        socket = EventSocket(deadlines_of(request), self._new_rate(), self._incomplete)
        response = await socket.open(request)
        try:
            request[SOCKET_PLACE_KEY].watch(socket)
            if wanted != self._mode.type:
                await self._send_away(socket, self._refusal(wanted))
            else:
                await self._serve_session(request, socket, model)
        finally:
            socket.end()
        return response

    async def _serve_session(
        self, request: web.Request, socket: EventSocket, model: str | None
    ) -> None:
        name = connection_name(request)
        try:
            async with asyncio.TaskGroup() as tasks:
                session = self._mode.open_session(model, socket, name, tasks)
                place = _PlaceWhileBusy(session, request[SOCKET_PLACE_KEY])
                ending = tasks.create_task(self._end(session, socket), name=f"{name} end")
                leaving = tasks.create_task(place.leave_when_idle(), name=f"{name} place")
                try:
                    await self._converse(session, socket, name, place)
                finally:
                    leaving.cancel()
                    ending.cancel()
                    session.close()
        except* ConnectionError as lost:
            _LOGGER.debug("[%s] lost: %s", name, lost.exceptions[0])

    async def _converse(
        self, session: RealtimeSession, socket: EventSocket, name: str, place: _PlaceWhileBusy
    ) -> None:
        shown = _Shown(self._mode.type)
        await socket.send("session.created", session=shown.to_json(session))
        while True:
            event: ClientEvent | None = None
            try:
                event = await socket.receive()
                if event is None:
                    return
                if event.type == "session.update":
                    await self._update(session, event.fields.inner("session"))
                    await socket.send("session.updated", session=shown.to_json(session))
                else:
                    with place.handling():
                        await session.handle(event)
            except NotServed as error:
                self._note(error, name)
                await self._send_away(socket, error, event)
                return
            except VoiceStackError as error:
                self._note(error, name)
                await socket.send_error(error, event.event_id if event else None)

    async def _update(self, session: RealtimeSession, given: Fields) -> None:
        wanted = given.name("type")
        if wanted not in {None, self._mode.type}:
            raise self._refusal(str(wanted))
        await session.update(given)

    def _refusal(self, kind: str) -> NotServed:
        return self._elsewhere.refusal(f"sessions of the type {kind!r:.40}")

    def _note(self, error: VoiceStackError, name: str) -> None:
        self._metrics.errors.labels(error.code).inc()
        repeats = {REPEATS: repeats_of(error, name)}
        _LOGGER.warning("[%s] %s: %s", name, error.code, error, extra=repeats)

    async def _send_away(
        self, socket: EventSocket, error: NotServed, event: ClientEvent | None = None
    ) -> None:
        with suppress(ConnectionError):
            await socket.send_error(error, event.event_id if event else None)
            await socket.close(WSCloseCode.POLICY_VIOLATION, "This is served on another port.")

    async def _end(self, session: RealtimeSession, socket: EventSocket) -> None:
        """Close a session when the server stops, or when it has lasted long enough."""
        reason = "The session has lasted long enough; open another one."
        with suppress(TimeoutError):
            async with asyncio.timeout(SESSION_SECONDS):
                await self._draining()
                reason = "The server is shutting down."
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_SECONDS):
                while session.busy:  # noqa: ASYNC110 - the end of a session is not worth an event
                    await asyncio.sleep(RECHECK_SECONDS)
        await socket.close(WSCloseCode.GOING_AWAY, reason)


class _PlaceWhileBusy:
    """Takes a place for each event, and keeps it while the session is busy."""

    def __init__(self, session: RealtimeSession, place: SocketPlace) -> None:
        self._session = session
        self._place = place
        self._handles = False
        self._taken = asyncio.Event()

    @contextmanager
    def handling(self) -> Iterator[None]:
        """Have a place for the time of the context.

        Raises:
            NoFreePlace: all places are taken.
            ShuttingDown: the server takes no new requests.
        """
        self._place.take()
        self._handles = True
        try:
            yield
        finally:
            self._handles = False
            if self._session.busy:
                self._taken.set()
            else:
                self._place.give_back()

    async def leave_when_idle(self) -> None:
        """Give the place back each time the session has ended its work, until cancelled."""
        while True:
            await self._taken.wait()
            # The end of the work is not worth an event.
            while self._session.busy or self._handles:  # noqa: ASYNC110
                await asyncio.sleep(RECHECK_SECONDS)
            self._taken.clear()
            self._place.give_back()


class _Shown:
    """The session as its events show it."""

    def __init__(self, kind: str) -> None:
        infix = "transcription_" if kind == "transcription" else ""
        self._fixed = {
            "type": kind,
            "id": new_id("sess"),
            "object": f"realtime.{infix}session",
            "expires_at": int(time.time() + SESSION_SECONDS + LAST_SECONDS),
        }

    def to_json(self, session: RealtimeSession) -> dict[str, Any]:
        """Return it with its settings now."""
        return {**self._fixed, **session.to_json()}
