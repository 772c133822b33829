"""Routes to guard by the gateway of the API."""

from __future__ import annotations

from aiohttp import web


async def ok(request: web.Request) -> web.Response:
    return web.json_response({"path": request.path})


ROUTES = [web.post("/v1/audio/speech", ok), web.get("/v1/models/{id:.+}", ok)]
