"""What the head of the page shows: the state of the server, and the addresses at which it is reached."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from wyoming_voice_stack import __version__
from wyoming_voice_stack.engine.status import EngineState
from wyoming_voice_stack.http.health import HasStatus, without_paths
from wyoming_voice_stack.http.page.page_visitors import Visitor, is_from_loopback

SCHEME_HEADER = "X-Forwarded-Proto"
_PORT_OF_HOST = re.compile(r":\d*$")
_STATES: dict[EngineState, str] = {
    "idle": "resting",
    "loading": "loading",
    "ready": "ready",
    "unloaded": "resting",
    "failed": "failed",
}


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
            "other": None,
            "languages": list(facts.languages()),
            "streams_text": facts.streams_text,
        }

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


def without_port(host: str) -> str:
    """Return the host of a `Host` header; an IPv6 address keeps its brackets."""
    return _PORT_OF_HOST.sub("", host)


def _port(request: web.Request) -> int:
    """Return the port that the request was sent to."""
    name = request.transport.get_extra_info("sockname") if request.transport else None
    return int(name[1]) if name else 0
