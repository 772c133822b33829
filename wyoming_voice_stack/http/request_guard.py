"""Refuses HTTP requests that a foreign web page has caused.

A page from elsewhere can make a browser on the local network send requests here, and by DNS rebinding
read the answers. Such a request names the host or the origin of that page.
"""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from wyoming_voice_stack.http.error_body import error_response, wants_json

LOCAL_SUFFIXES = (
    ".local",
    ".localhost",
    ".localdomain",
    ".lan",
    # Names that FRITZ!Box routers give to machines.
    ".fritz.box",
    ".home",
    ".home.arpa",
    ".internal",
    ".intranet",
    ".private",
    ".svc",
)
"""Ends of names that only exist on a local network or inside a cluster."""


def make_guard(allowed_hosts: Collection[str], allowed_origins: Collection[str] = ()) -> Middleware:
    """Create the middleware.

    `allowed_hosts` are further names of this server, `allowed_origins` those of web pages that may
    use it, such as `https://chat.example.com`.
    """
    names = frozenset(name.lower() for name in allowed_hosts)

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = request.headers.get("Host", "")
        if host and not is_local(_host_of(f"//{host}"), names):
            return _refusal(request.path, "Host", host)
        origin = request.headers.get("Origin")
        if origin is None or origin.lower() in allowed_origins:
            return await handler(request)
        if not is_local(_host_of(origin), names):
            return _refusal(request.path, "Origin", origin)
        return await handler(request)

    return guard


def is_local(host: str | None, allowed: Collection[str] = ()) -> bool:
    """Return whether a host is an address, a name without a domain, or one of a local network."""
    if not host:
        return False
    name = host.rstrip(".").lower()
    if name in allowed or "." not in name or name.endswith(LOCAL_SUFFIXES):
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _refusal(path: str, header: str, value: str) -> web.Response:
    reason = (
        f"{header} {value!r:.100} is not a name of this server; use its address, or add the name to"
        " ALLOWED_HOSTS."
    )
    if wants_json(path):
        return error_response(403, reason, code="not_allowed")
    return web.Response(status=403, text=f"{reason}\n")
