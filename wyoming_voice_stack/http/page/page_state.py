"""What the head of the page shows: the state of the server, and the addresses at which it is reached."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

from aiohttp import web

from wyoming_voice_stack import __version__
from wyoming_voice_stack.announce.other_server_search import FoundOther
from wyoming_voice_stack.engine.status import EngineState
from wyoming_voice_stack.errors import without_paths
from wyoming_voice_stack.http.health import HasStatus
from wyoming_voice_stack.http.page.page_visitors import (
    Visitor,
    has_proxy_header,
    is_from_loopback,
    is_this_machine,
)

SCHEME_HEADER = "X-Forwarded-Proto"
_PORT_OF_HOST = re.compile(r":\d*$")
_STATES: dict[EngineState, str] = {
    "idle": "resting",
    "loading": "loading",
    "ready": "ready",
    "unloaded": "resting",
    "failed": "failed",
}


class FindsOther(Protocol):
    """Looks for the other server."""

    @property
    def known(self) -> FoundOther | None:
        """The other server, if it was found; never blocks."""
        ...

    def watched(self) -> AbstractAsyncContextManager[None]:
        """Search while the context is entered."""
        ...


@dataclass(frozen=True)
class PageFacts:
    """What the page shows of the server and what does not change."""

    name: str
    announced: bool
    """True if the server is announced to Home Assistant."""
    key_required: bool
    languages: Callable[[], tuple[str, ...]]
    streams_text: bool = False
    """True if text is available during speech."""
    progress: Callable[[], float | None] = lambda: None
    """Part of the model that is downloaded, from 0 to 1; None while nothing is fetched."""
    other: FindsOther | None = None
    """What looks for the other server while a page is open."""


class PageState:
    """Makes the state of the page as JSON."""

    def __init__(self, service: HasStatus, facts: PageFacts) -> None:
        self._service = service
        self._facts = facts

    @property
    def mode(self) -> str:
        """`asr` or `tts`."""
        return self._service.status().mode

    def of_server(self, request: web.Request, *, by_ingress: bool) -> dict[str, Any]:
        """Return what is the same for all visitors who use one address."""
        status, facts = self._service.status(), self._facts
        scheme, address, wyoming = self._addresses(request, by_ingress=by_ingress)
        progress = facts.progress() if status.state == "loading" else None
        return {
            "name": facts.name,
            "version": __version__,
            "mode": status.mode,
            "model": status.model,
            "device": status.device,
            "state": _STATES[status.state],
            "detail": without_paths(status.detail),
            "progress": progress,
            "key_required": facts.key_required and not by_ingress,
            "by_ingress": by_ingress,
            "port": _port(request),
            "wyoming": f"tcp://{wyoming}",
            "base_url": f"{scheme}://{address}/v1",
            "health": f"{scheme}://{address}/health",
            "metrics": f"{scheme}://{address}/metrics",
            "announced": facts.announced,
            "other": self._other(request, by_ingress=by_ingress),
            "languages": list(facts.languages()),
            "streams_text": facts.streams_text,
        }

    def watching(self) -> AbstractAsyncContextManager[None]:
        """Look for the other server while the context is entered."""
        return self._facts.other.watched() if self._facts.other is not None else nullcontext()

    def _other(self, request: web.Request, *, by_ingress: bool) -> dict[str, Any] | None:
        known = self._facts.other.known if self._facts.other is not None else None
        if known is None:
            return None
        address = None if by_ingress or not known.has_page else _address_of_other(request, known)
        url = None if address is None else f"http://{address}/ui/"
        return {"mode": known.mode, "url": url}

    def of_visitor(self, request: web.Request, visitor: Visitor) -> dict[str, Any]:
        """Return the state with what this visitor may do."""
        rights = {"can_change": visitor.may_change, "why_not": visitor.why_not}
        return self.of_server(request, by_ingress=visitor.by_ingress) | rights

    @staticmethod
    def _addresses(request: web.Request, *, by_ingress: bool) -> tuple[str, str, str]:
        """Return scheme and address of the HTTP side, and the address of the Wyoming side."""
        port = _port(request)
        if by_ingress:
            # The browser knows only the address of Home Assistant. Within the network of the Supervisor,
            # an add-on is reached by the name of its container.
            container = f"{socket.gethostname()}:{port}"
            return "http", container, container
        if _is_behind_https(request):
            # The proxy passes on HTTP only; programs that speak Wyoming use the port itself.
            return "https", request.host, f"{without_port(request.host)}:{port}"
        return "http", request.host, request.host


def _is_behind_https(request: web.Request) -> bool:
    """Return whether a proxy on this machine received the request by https; others are not believed."""
    return is_from_loopback(request) and request.headers.get(SCHEME_HEADER, "").lower() == "https"


def _address_of_other(request: web.Request, other: FoundOther) -> str | None:
    """Return host and port at which this visitor's browser reaches the other server; None if not known."""
    if other.reach in {"network", "configured"} and other.published_port is None:
        return other.authority
    if has_proxy_header(request) or other.reach == "container":
        # What a proxy does with another port is not known. An add-on may have no port on the host.
        return None
    if other.reach == "loopback" and not is_this_machine(request):
        return None
    return f"{without_port(request.host)}:{other.published_port or other.port}"


def without_port(host: str) -> str:
    """Return the host of a `Host` header; an IPv6 address keeps its brackets."""
    return _PORT_OF_HOST.sub("", host)


def _port(request: web.Request) -> int:
    """Return the port that the request was sent to."""
    name = request.transport.get_extra_info("sockname") if request.transport else None
    return int(name[1]) if name else 0
