"""Ends a connection so that its last events arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

CLOSING_SECONDS = 2.0
"""How long a closing connection tries to deliver its last events."""
DISCARDED_BYTES = 64 * 1024
"""Bytes that are discarded at once."""


async def linger(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    pay: Callable[[int], Awaitable[None]],
) -> None:
    """Deliver what was written, and discard what the client still sends; `pay` bounds its rate.

    Closing a socket with unread bytes resets the connection, and the reset may overtake the events.
    """
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(CLOSING_SECONDS):
            await writer.drain()
            writer.write_eof()
            while data := await reader.read(DISCARDED_BYTES):
                await pay(len(data))


async def close(writer: asyncio.StreamWriter) -> None:
    """Close a connection; abort it if that takes too long."""
    writer.close()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(CLOSING_SECONDS):
            await writer.wait_closed()
            return
    writer.transport.abort()
