"""Refuses HTTP requests that a foreign web page has caused.

A page from elsewhere can make a browser on the local network send requests here, and by DNS rebinding
read the answers. Such a request names the host or the origin of that page.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from wyoming_voice_stack.http.error_body import error_response, wants_json
from wyoming_voice_stack.http.ingress import is_ingress

PAGE_PATH = "/ui"
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


RESOLVER_FILE = Path("/etc/resolv.conf")
_SEARCHED_NAMESPACE = re.compile(r"^search\s(?:.*\s)?([a-z0-9-]+)\.svc\.", re.MULTILINE)
"""Inside a cluster of Kubernetes, names are searched in the namespace of the pod."""


def make_guard(
    allowed_hosts: Collection[str],
    allowed_origins: Collection[str] = (),
    namespace: str | None = None,
) -> Middleware:
    """Create the middleware.

    `allowed_hosts` are further names of this server, `allowed_origins` those of web pages that may
    use it, such as `https://chat.example.com`. `namespace` is the server's own in Kubernetes.
    """
    names = frozenset(name.lower() for name in allowed_hosts)

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        # The page has rules of its own. Home Assistant has its own names, and checks its users.
        if is_below(request.path, PAGE_PATH) or is_ingress(request):
            return await handler(request)
        host = request.headers.get("Host", "")
        name = _host_of(f"//{host}")
        if host and not (is_local(name, names) or _is_in_cluster(request, name, namespace)):
            return _refusal(request.path, "Host", host)
        origin = request.headers.get("Origin")
        if origin is None or origin.lower() in allowed_origins:
            return await handler(request)
        if not is_local(_host_of(origin), names):
            return _refusal(request.path, "Origin", origin)
        return await handler(request)

    return guard


def is_below(path: str, prefix: str) -> bool:
    """Return whether a path is `prefix` or below it."""
    return path == prefix or path.startswith(f"{prefix}/")


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


def own_namespace(resolver_file: Path = RESOLVER_FILE) -> str | None:
    """Return the namespace in which this server runs in Kubernetes; None elsewhere."""
    try:
        found = _SEARCHED_NAMESPACE.search(resolver_file.read_text(errors="replace"))
    except OSError:
        return None
    return found[1] if found else None


def _is_in_cluster(request: web.Request, host: str | None, namespace: str | None) -> bool:
    """Return whether a program names this server as `service.namespace`.

    A namespace such as `dev` is also a domain of the internet, so that a browser could be led here
    under such a name. Browsers send an Origin or a language with every request.
    """
    if not (host and namespace) or {"Origin", "Accept-Language"} & request.headers.keys():
        return False
    service, _, rest = host.lower().partition(".")
    return bool(service) and rest == namespace


def _host_of(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def refused_origin(origin: str) -> str:
    """Return why a web page of another origin may not use the API."""
    return f"Web pages of {origin!r:.100} may not use this API; add the origin to API_ORIGINS."


def _refusal(path: str, header: str, value: str) -> web.Response:
    reason = (
        f"{header} {value!r:.100} is not a name of this server; use its address, or add the name to"
        " ALLOWED_HOSTS."
    )
    if wants_json(path):
        if header == "Origin":
            reason = refused_origin(value)
        return error_response(403, reason, code="not_allowed")
    return web.Response(status=403, text=f"{reason}\n")
