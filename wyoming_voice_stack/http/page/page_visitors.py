"""Decides who may see the page and who may change things through it.

Everyone who may connect may look. Changes need one of three: Home Assistant's ingress, which has
checked the user; a browser on this machine; or the key. A foreign web page may do neither.
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from aiohttp import HttpVersion11, web

from wyoming_voice_stack.http.api.api_errors import ApiError
from wyoming_voice_stack.http.api.keys import ApiKey
from wyoming_voice_stack.http.ingress import is_ingress
from wyoming_voice_stack.http.peer_address import plain_address
from wyoming_voice_stack.http.request_guard import is_local

WebUi: TypeAlias = Literal["off", "read", "full"]

CHANGE_HEADER = "X-Voice-Stack"
"""Makes browsers ask before another site may send it; nothing here answers such a question."""

_PROXY_HEADERS = (
    "Forwarded",
    "Via",
    "X-Client-IP",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Proto",
    "X-Forwarded-Server",
    "X-Ingress-Path",
    "X-Real-IP",
    # Tunnels that end on this machine.
    "CF-Connecting-IP",
    "Tailscale-User-Login",
    "True-Client-IP",
)
"""Headers that proxies add; browsers send none of them."""
_OWN_SITES = {"same-origin", "none"}


class WrongHost(ApiError, code="wrong_host"):
    """The request names a host that is not this server."""

    status = 421


class ChangeRefused(ApiError, code="change_not_allowed"):
    """The visitor may not change anything."""

    status = 403


@dataclass(frozen=True)
class VisitorRules:
    """The settings that decide about visitors."""

    web_ui: WebUi
    key: str | None = None
    """`API_KEY`."""
    allowed_hosts: Collection[str] = ()
    """`ALLOWED_HOSTS`."""


@dataclass(frozen=True)
class Visitor:
    """What one request may do."""

    by_ingress: bool
    why_not: str
    """Why it may change nothing; empty if it may."""

    @property
    def may_change(self) -> bool:
        """True if the visitor may change voices and models."""
        return not self.why_not


class Visitors:
    """Applies the rules to requests."""

    def __init__(self, rules: VisitorRules) -> None:
        self._rules = rules
        self._key = ApiKey(rules.key)
        self._hosts = {name.lower() for name in (*rules.allowed_hosts, socket.gethostname())}

    def visitor(self, request: web.Request) -> Visitor:
        """Return what the sender of a request may do.

        Raises:
            WrongHost: the request names a host that is not this server, as after DNS rebinding.
        """
        by_ingress = is_ingress(request)
        if not by_ingress:
            self._require_own_host(request)
        return Visitor(by_ingress, self._why_not(request, by_ingress=by_ingress))

    def require_change(self, request: web.Request) -> Visitor:
        """Return the visitor of a request that changes something.

        Raises:
            ChangeRefused: the visitor may not, or another site has caused the request.
            WrongHost: see `visitor`.
        """
        visitor = self.visitor(request)
        if request.headers.get(CHANGE_HEADER) != "1":
            raise ChangeRefused(f"Changes need the header {CHANGE_HEADER}: 1.")
        require_own_origin(request)
        if not visitor.may_change:
            raise ChangeRefused(visitor.why_not)
        return visitor

    def _require_own_host(self, request: web.Request) -> None:
        host = request.headers.get("Host", "")
        if not is_local(_name_in(f"//{host}"), self._hosts):
            raise WrongHost(
                f"{host!r:.100} is not a name of this server. Use its address, or add the name to"
                " ALLOWED_HOSTS."
            )

    def _why_not(self, request: web.Request, *, by_ingress: bool) -> str:
        if self._rules.web_ui != "full":
            return "Changes are off; set WEB_UI=full to allow them."
        if by_ingress or is_this_machine(request) or self._has_key(request):
            return ""
        remedy = "enter the API key" if self._rules.key else "set API_KEY and enter it here"
        return (
            "Changes are possible from Home Assistant's sidebar, from a browser on this machine, or with"
            f" a key; {remedy}."
        )

    def _has_key(self, request: web.Request) -> bool:
        # Without a key in the settings, every key is accepted, which must not allow changes.
        return bool(self._rules.key) and self._key.is_sent_with(request)


def is_this_machine(request: web.Request) -> bool:
    """Return whether a browser on this machine sent the request, as far as that can be known.

    A proxy on this machine connects from loopback too, for visitors from anywhere. Most of them tell
    by a header, by another host, or by HTTP/1.0.
    """
    name = _name_in(f"//{request.headers.get('Host', '')}") or ""
    return (
        is_from_loopback(request)
        and (name == "localhost" or _is_loopback(name))
        and request.version >= HttpVersion11
        and not has_proxy_header(request)
    )


def has_proxy_header(request: web.Request) -> bool:
    """Return whether a proxy says that it has passed on a request."""
    return any(header in request.headers for header in _PROXY_HEADERS)


def is_from_loopback(request: web.Request) -> bool:
    """Return whether a program on this machine sent the request: a browser or a proxy."""
    return _is_loopback(plain_address(request.remote or ""))


def require_own_origin(request: web.Request) -> None:
    """Check that no other web site has caused the request.

    Raises:
        ChangeRefused: one has.
    """
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    host = request.headers.get("Host", "")
    if origin is not None and _authority_of(origin) != host.lower():
        raise ChangeRefused(f"The request comes from another web site, {origin!r:.100}.")
    if site is not None and site not in _OWN_SITES:
        raise ChangeRefused("The request comes from another web site.")


def _authority_of(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _name_in(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
