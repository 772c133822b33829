"""Paths of the other of the two servers: a client that requests one has the wrong port."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from wyoming_voice_stack.http.api.api_errors import NotServed


@dataclass(frozen=True)
class Elsewhere:
    """Answers the paths of the other server with the place where they are served."""

    here: str
    """What this server is."""
    what: str
    """What the other server does."""
    setting: str
    """Setting of the other server's port."""
    port: int | None
    """Port of the other server; None if it is not known."""
    paths: tuple[str, ...]

    def routes(self) -> list[web.RouteDef]:
        """Return a route for each path."""
        return [web.post(path, self._refuse) for path in self.paths]

    def refusal(self, asked: str) -> NotServed:
        """Return the error for a path or an event of the other server."""
        where = f"port {self.port}" if self.port else "another port"
        return NotServed(
            f"This is the {self.here} server; it does not serve {asked}. {self.what} is served"
            f" on {where} ({self.setting})."
        )

    async def _refuse(self, request: web.Request) -> web.Response:
        raise self.refusal(request.path)
