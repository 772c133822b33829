"""Requests that a web page of another origin sends from a browser: refused, or allowed and told so (CORS)."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from wyoming_voice_stack.errors import NotAllowed
from wyoming_voice_stack.http.request_guard import refused_origin

ALLOWED_METHODS = "GET, POST, OPTIONS"
PREFLIGHT_SECONDS = 600
"""How long a browser may remember the answer to a preflight request."""
MAX_REQUESTED_HEADERS = 1024
"""Characters of the list of headers that a preflight request may ask for."""
_READING = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})


class CrossOrigin:
    """The origins whose pages may use the API."""

    def __init__(self, origins: Collection[str] = (), hosts: Collection[str] = ()) -> None:
        """`origins` are those of other servers, `hosts` further names of this one."""
        self._origins = frozenset(origin.lower() for origin in origins)
        self._hosts = frozenset(host.lower() for host in hosts)

    def check(self, request: web.Request) -> None:
        """Accept a request that no page of another origin has caused.

        A form or a script of any page can send a POST that needs no preflight request.

        Raises:
            NotAllowed: a page of an origin that is not allowed has caused it.
        """
        if not works(request):
            return
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None:
            if request.headers.get("Sec-Fetch-Site", "").lower() == "cross-site":
                raise NotAllowed("This request comes from a web page of another server.")
            return
        if not (self.allows(request) or self._is_own(request, origin)):
            raise NotAllowed(refused_origin(origin))

    def allows(self, request: web.Request) -> bool:
        """Return whether the request comes from a page of API_ORIGINS."""
        return request.headers.get(hdrs.ORIGIN, "").lower() in self._origins

    def add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Tell the browser that the page may read the response."""
        if not self._origins:
            return
        response.headers.add(hdrs.VARY, hdrs.ORIGIN)
        if self.allows(request):
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = request.headers[hdrs.ORIGIN]
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = "x-request-id, Retry-After"

    def preflight(self, request: web.Request) -> web.Response:
        """Answer the request with which a browser asks whether it may send another one."""
        response = web.Response(status=204, headers={hdrs.ALLOW: ALLOWED_METHODS})
        if self.allows(request):
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = ALLOWED_METHODS
            response.headers[hdrs.ACCESS_CONTROL_MAX_AGE] = str(PREFLIGHT_SECONDS)
            wanted = request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS, "")
            if wanted and len(wanted) <= MAX_REQUESTED_HEADERS:
                response.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = wanted
        return response

    def _is_own(self, request: web.Request, origin: str) -> bool:
        try:
            parts = urlsplit(origin.lower())
        except ValueError:
            return False
        # A proxy in front may pass on another Host than the browser's.
        own = request.headers.get(hdrs.HOST, "").lower()
        return parts.netloc == own or parts.hostname in self._hosts


def works(request: web.Request) -> bool:
    """Return whether a request makes the server work: it needs a key and a place."""
    return request.method not in _READING or is_websocket(request)


def is_websocket(request: web.Request) -> bool:
    """Return whether a request opens a WebSocket."""
    return request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
