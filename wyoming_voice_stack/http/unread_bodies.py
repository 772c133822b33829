"""Reads and discards the rest of a body whose request is answered before all of it has arrived."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import web

from wyoming_voice_stack.http.pacing import pace_of, pieces_of

LINGERING_SECONDS = 10.0
"""How long the unread body of a refused request may delay the end of its connection. Its client reads
the answer only when it has sent all."""


async def answer_before_the_rest(request: web.Request, response: web.StreamResponse) -> None:
    """Send the response at once; then discard what is not read of the body, at the pace of bodies.

    aiohttp would discard it as fast as it arrives: two hundred refused uploads filled the turns of the
    event loop. A body that does not end in time ends the connection.
    """
    if request.content.is_eof() or request.transport is None or request.transport.is_closing():
        return
    await response.prepare(request)
    await response.write_eof()
    pace = pace_of(request)
    with suppress(TimeoutError, web.RequestPayloadError):
        async with asyncio.timeout(LINGERING_SECONDS):
            async for piece in pieces_of(request.content):
                await pace(len(piece))
            return
    request.protocol.force_close()
