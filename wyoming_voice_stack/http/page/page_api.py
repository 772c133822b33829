"""The routes of the page: its files at `/ui/`, and its own API below `/ui/api/`."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

from aiohttp import hdrs, web

from wyoming_voice_stack.errors import VoiceStackError, redacted_traceback
from wyoming_voice_stack.http.api.api_errors import refusal, to_response
from wyoming_voice_stack.http.api.requests import connection_name, logged_path, repeats_of
from wyoming_voice_stack.http.api.streaming import abort, send
from wyoming_voice_stack.http.application import RESPONSE_KEY, RequestPlaces
from wyoming_voice_stack.http.health import HasStatus
from wyoming_voice_stack.http.page.page_events import (
    EVENT_STREAM,
    EventSources,
    EventStreams,
    FetchProgress,
)
from wyoming_voice_stack.http.page.page_figures import HasWorkload, figures
from wyoming_voice_stack.http.page.page_files import INDEX, SECURITY_HEADERS, PageFiles
from wyoming_voice_stack.http.page.page_routes import PagePart, PageRoute
from wyoming_voice_stack.http.page.page_state import PageFacts, PageState
from wyoming_voice_stack.http.page.page_visitors import (
    ChangeRefused,
    Visitor,
    VisitorRules,
    Visitors,
    WrongHost,
    require_own_origin,
)
from wyoming_voice_stack.http.page.plain_page import PlainPage
from wyoming_voice_stack.logs import REPEATS, RecentLines
from wyoming_voice_stack.metrics import Metrics

_LOGGER = logging.getLogger(__name__)

API_PATH = "api/"
"""Below `/ui/`: what the page asks and changes."""
NO_STORE: Mapping[str, str] = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class PageLog:
    """What the section of the log shows."""

    lines: RecentLines
    settings: Mapping[str, str]
    """Without secrets."""


class PageApi:
    """Serves the page. Every answer has its security headers, every error a JSON body."""

    def __init__(
        self,
        status: HasStatus,
        work: HasWorkload,
        metrics: Metrics,
        facts: PageFacts,
        rules: VisitorRules,
        log: PageLog,
        places: RequestPlaces,
        *,
        parts: Sequence[PagePart] = (),
        voices: Callable[[], Sequence[str]] | None = None,
        fetches: Callable[[], tuple[FetchProgress, ...]] = tuple,
        files: PageFiles | None = None,
    ) -> None:
        """`parts` are the sections that this server has besides the common ones.

        `voices` are the names of those of a text-to-speech server. Requests that work or change something
        take one of `places`.
        """
        self._metrics = metrics
        self._visitors = Visitors(rules)
        self._state = PageState(status, facts)
        self._files = files or PageFiles()
        self._parts = (*parts, PlainPage(self._state, voices))
        self._places = places
        self._log = log
        self._figures = partial(figures, metrics, work, self._state.mode)
        sources = EventSources(self._figures, fetches, log.lines)
        self._streams = EventStreams(sources, send=send, keep=places.keep, drains=places.drains)

    def routes(self) -> list[web.RouteDef]:
        """Return all routes; the last one answers unknown paths and methods."""
        own = [
            PageRoute("GET", "api/state", self._show_state),
            PageRoute("GET", "api/events", self._follow),
            PageRoute("GET", "api/figures", self._show_figures),
            PageRoute("GET", "api/log", self._show_log, private=True),
        ]
        for part in self._parts:
            own += part.routes()
        routes = [
            web.get("/ui", partial(self._answer, _to_index)),
            web.get("/ui/", partial(self._answer, self._file)),
            *(
                web.route(
                    each.method, f"/ui/{each.path}", partial(self._answer, self._checked(each))
                )
                for each in own
            ),
            web.get("/ui/{name:[^/]+}", partial(self._answer, self._file)),
        ]
        known = web.UrlDispatcher()
        known.add_routes(routes)
        other = partial(self._answer, partial(_refuse, known))
        return [*routes, web.route("*", "/ui{rest:.*}", other)]

    async def _answer(
        self,
        handle: Callable[[web.Request], Awaitable[web.StreamResponse]],
        request: web.Request,
    ) -> web.StreamResponse:
        """Handle a request; its errors become answers, or cut an answer that has begun."""
        try:
            response = await handle(request)
        except VoiceStackError as error:
            response = self._failed(request, error)
        except ConnectionError:
            # The client has left.
            raise
        except Exception as error:  # noqa: BLE001 - the page must learn that its request failed
            # Without the message, which may quote what was spoken.
            trace = redacted_traceback(error)
            _LOGGER.error(  # noqa: TRY400
                "[%s] %s failed: %s", connection_name(request), logged_path(request), trace
            )
            response = self._failed(
                request, VoiceStackError("The server failed; its log says more.")
            )
        if not response.prepared:
            for name, value in SECURITY_HEADERS.items():
                response.headers.setdefault(name, value)
        return response

    def _failed(self, request: web.Request, error: VoiceStackError) -> web.StreamResponse:
        begun: web.StreamResponse | None = request.get(RESPONSE_KEY)
        if begun is not None:
            abort(request)
            return begun
        name = connection_name(request)
        repeats = {REPEATS: repeats_of(error, name)}
        _LOGGER.info("[%s] %s: %s", name, logged_path(request), error, extra=repeats)
        if isinstance(error, WrongHost) and not request.path.startswith("/ui/api/"):
            return web.Response(status=error.status, text=f"{error}\n", headers=NO_STORE)
        return to_response(error)

    def _checked(self, route: PageRoute) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            if route.changes:
                visitor = self._visitors.require_change(request)
            else:
                visitor = self._visitors.visitor(request)
            if route.path.startswith(API_PATH):
                # Other sites may link to the page, but have no use for what it asks.
                require_own_origin(request)
            if route.private and not visitor.may_change:
                raise ChangeRefused(visitor.why_not)
            with self._place(request, needed=route.changes or route.works):
                response = await route.handle(request, visitor)
            if not response.prepared:
                response.headers.setdefault("Cache-Control", "no-store")
            return response

        return handle

    def _place(self, request: web.Request, *, needed: bool) -> AbstractContextManager[None]:
        return self._places.enter(request) if needed else nullcontext()

    async def _file(self, request: web.Request) -> web.StreamResponse:
        self._visitors.visitor(request)
        return self._files.answer(request, request.match_info.get("name", INDEX))

    async def _show_state(self, request: web.Request, visitor: Visitor) -> web.Response:
        return web.json_response(self._state.of_visitor(request, visitor))

    async def _follow(self, request: web.Request, visitor: Visitor) -> web.StreamResponse:
        if request.method == hdrs.METH_HEAD:
            # It has no body, so that it would never end.
            return web.Response(content_type=EVENT_STREAM)
        # Without what the visitor may do: the page has asked for that, and it does not change.
        state = partial(self._state.of_server, request, by_ingress=visitor.by_ingress)
        async with self._state.watching():
            return await self._streams.serve(request, state, with_log=visitor.may_change)

    async def _show_figures(self, request: web.Request, visitor: Visitor) -> web.Response:
        del request, visitor
        return web.json_response(self._figures())

    async def _show_log(self, request: web.Request, visitor: Visitor) -> web.Response:
        del request, visitor
        lines = [
            {"time": line.time, "level": line.level, "text": line.text}
            for line in self._log.lines.after()
        ]
        return web.json_response({"lines": lines, "settings": dict(self._log.settings)})


async def _to_index(request: web.Request) -> web.Response:
    del request
    # Relative: through ingress, the browser sees another path.
    return web.Response(status=302, headers={"Location": "ui/", **NO_STORE})


async def _refuse(known: web.UrlDispatcher, request: web.Request) -> web.Response:
    raise refusal(request, await known.resolve(request))
