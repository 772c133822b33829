"""Bounds the work that the bodies of requests cause between two turns of the event loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

Pace: TypeAlias = Callable[[int], Awaitable[None]]
"""Waits if a body arrives faster than its share; is told the size of each piece."""
NEW_PACE: web.AppKey[Callable[[], Pace]] = web.AppKey("new_pace")


def pace_of(request: web.Request) -> Pace:
    """Return the pace of one body."""
    return request.app.get(NEW_PACE, lambda: _at_once)()


async def _at_once(_: int) -> None:
    return
