"""What the sections of the page consist of: addresses, who may use them, and what answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from aiohttp import web

from wyoming_voice_stack.http.page.page_visitors import Visitor

Handle: TypeAlias = Callable[[web.Request, Visitor], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class PageRoute:
    """One address below that of the page."""

    method: str
    path: str
    """Below `/ui/`."""
    handle: Handle
    changes: bool = False
    """True if only visitors who may change things may use it, and only from the page itself."""
    private: bool = False
    """True if it shows what only visitors who may change things may see."""
    works: bool = False
    """True if it makes the server work, so that it needs a place like a request of the API."""


class PagePart(Protocol):
    """A section of the page that some servers have."""

    def routes(self) -> list[PageRoute]:
        """Return its addresses."""
        ...
