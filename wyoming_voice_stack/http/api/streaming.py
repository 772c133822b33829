"""Responses that are sent while they are made. Every streamed response uses `open_stream` and `send`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import hdrs, web

from wyoming_voice_stack.errors import DeadlineExceeded
from wyoming_voice_stack.http.deadlines import Deadlines, deadlines_of

WRITE_BUFFER_BYTES = 32 * 1024
"""What the server keeps of a response that its client does not read; the system keeps as much again."""
WRITE_SECONDS = web.ResponseKey("write_seconds", float)


async def open_stream(
    request: web.Request, content_type: str, headers: Mapping[str, str] | None = None
) -> web.StreamResponse:
    """Send the head of a response without a length, which proxies neither keep nor collect."""
    response = web.StreamResponse(headers=headers)
    response.headers[hdrs.CONTENT_TYPE] = content_type
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-cache")
    response.headers.setdefault("X-Accel-Buffering", "no")
    response[WRITE_SECONDS] = deadlines_of(request).write_s
    if request.transport is not None:
        request.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
    await response.prepare(request)
    return response


async def send(response: web.StreamResponse, data: bytes | bytearray | memoryview) -> None:
    """Send a part of a response; waits while the client has not read what came before.

    Raises:
        DeadlineExceeded: the client does not read (WRITE_TIMEOUT_SECONDS).
        ConnectionError: the client has left.
    """
    try:
        async with asyncio.timeout(response.get(WRITE_SECONDS, Deadlines().write_s)):
            await response.write(data)
    except TimeoutError:
        raise DeadlineExceeded(
            "The client did not read the response in time (WRITE_TIMEOUT_SECONDS)."
        ) from None


def abort(request: web.Request) -> None:
    """Cut the connection: the client must not take a broken response for a complete one."""
    if request.transport is not None:
        request.transport.abort()
