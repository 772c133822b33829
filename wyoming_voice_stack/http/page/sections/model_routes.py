"""The section of models: what is on disk, what can be fetched, and how far that is."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from typing import Literal, Protocol, TypeAlias

from aiohttp import web

from wyoming_voice_stack.http.page.page_events import FetchProgress
from wyoming_voice_stack.http.page.page_routes import PageRoute
from wyoming_voice_stack.http.page.page_visitors import Visitor

ModelState: TypeAlias = Literal["on-disk", "remote", "fetching"]


@dataclass(frozen=True)
class ShownModel:
    """A model as the page lists it."""

    id: str
    """As the settings name it; of a model outside of MODELS_DIR, its name behind a prefix."""
    name: str
    size_bytes: int | None
    """On disk; of one that is not, about what has to be fetched. None if that is not known."""
    languages: tuple[str, ...]
    licence: str
    state: ModelState
    active: bool
    """True if the server uses it."""
    can_delete: bool
    needs: str | None
    """What has to be done before it can be fetched or used."""


class ModelShelf(Protocol):
    """The models of one kind that a server has or could fetch."""

    def models(self) -> list[ShownModel]:
        """Return all of them. Blocking."""
        ...

    def fetch(self, model_id: str) -> None:
        """Start to fetch a model; does not wait. Blocking for a moment."""
        ...

    def remove(self, model_id: str) -> None:
        """Cancel the fetching of a model, or delete it from the disk. Blocking."""
        ...

    def fetches(self) -> tuple[FetchProgress, ...]:
        """Return how far the last downloads are; never blocks."""
        ...


class ModelRoutes:
    """The models of a server."""

    def __init__(self, shelf: ModelShelf) -> None:
        self._shelf = shelf

    def routes(self) -> list[PageRoute]:
        """Return the addresses of this section; identifiers may contain slashes."""
        return [
            PageRoute("GET", "api/models", self._show),
            PageRoute("POST", "api/models/{id:.+}", self._fetch, changes=True),
            PageRoute("DELETE", "api/models/{id:.+}", self._remove, changes=True),
        ]

    async def _show(self, request: web.Request, visitor: Visitor) -> web.Response:
        del request, visitor
        models = await asyncio.to_thread(self._shelf.models)
        return web.json_response({"models": [asdict(model) for model in models]})

    async def _fetch(self, request: web.Request, visitor: Visitor) -> web.Response:
        del visitor
        await asyncio.to_thread(self._shelf.fetch, request.match_info["id"])
        return web.json_response({"id": request.match_info["id"]}, status=202)

    async def _remove(self, request: web.Request, visitor: Visitor) -> web.Response:
        del visitor
        await asyncio.to_thread(self._shelf.remove, request.match_info["id"])
        return web.json_response({"id": request.match_info["id"]})
