"""The section of names: how many areas and entities of Home Assistant the server knows."""

from __future__ import annotations

from typing import Any, Protocol

from aiohttp import web

from wyoming_voice_stack.asr.home_assistant.refresh import KnownNames
from wyoming_voice_stack.http.page.page_routes import PageRoute
from wyoming_voice_stack.http.page.page_visitors import Visitor


class HasKnownNames(Protocol):
    """What reads names from Home Assistant."""

    @property
    def known(self) -> KnownNames:
        """What is known now."""
        ...


class NameRoutes:
    """The names of a speech-to-text server: their number only."""

    def __init__(self, source: HasKnownNames | None) -> None:
        """Without `source`, no Home Assistant is configured."""
        self._source = source

    def routes(self) -> list[PageRoute]:
        """Return the address of this section."""
        return [PageRoute("GET", "api/names", self._show)]

    async def _show(self, request: web.Request, visitor: Visitor) -> web.Response:
        del request, visitor
        known = self._source.known if self._source is not None else KnownNames()
        answer: dict[str, Any] = {
            "configured": self._source is not None,
            "areas": known.areas,
            "entities": known.entities,
            "names": known.names,
            "since": known.since,
        }
        return web.json_response(answer)
