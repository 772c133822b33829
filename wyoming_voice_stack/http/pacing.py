"""Bounds the work that the bodies of requests cause between two turns of the event loop."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeAlias

from aiohttp import StreamReader, web

Pace: TypeAlias = Callable[[int], Awaitable[None]]
"""Waits if a body arrives faster than its share; is told the size of each piece."""
NEW_PACE: web.AppKey[Callable[[], Pace]] = web.AppKey("new_pace")


def pace_of(request: web.Request) -> Pace:
    """Return the pace of one body."""
    return request.app.get(NEW_PACE, lambda: _at_once)()


async def pieces_of(content: StreamReader) -> AsyncGenerator[bytes, None]:
    """Yield a body as it arrived, each chunk alone.

    Joining what waits takes tens of milliseconds if a client sends chunks of one byte.
    """
    while True:
        piece, ends_chunk = await content.readchunk()
        if piece:
            yield piece
        elif not ends_chunk:
            return


async def _at_once(_: int) -> None:
    return
