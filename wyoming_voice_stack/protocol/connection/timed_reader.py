"""Reads what a client sends, within the deadlines of a connection."""

from __future__ import annotations

import asyncio
import time

from wyoming_voice_stack.errors import DeadlineExceeded
from wyoming_voice_stack.protocol.connection.inbox import Inbox
from wyoming_voice_stack.protocol.connection.server_context import ConnectionLimits

READ_BYTES = 64 * 1024
"""Bytes read from the socket at once."""


class TimedReader:
    """Bounds how long a client may be silent, and how long one event may take to arrive."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        limits: ConnectionLimits,
        inbox: Inbox,
    ) -> None:
        """While the `inbox` holds events, the client waits for the server and may be silent."""
        self._reader = reader
        self._limits = limits
        self._inbox = inbox
        self._event_began_at: float | None = None

    def note_event(self, *, incomplete: bool) -> None:
        """Note that an event has arrived, or that one has arrived in part."""
        if not incomplete:
            self._event_began_at = None
        elif self._event_began_at is None:
            self._event_began_at = time.monotonic()

    async def read(self) -> bytes:
        """Return the next bytes; none at the end.

        Raises:
            DeadlineExceeded: nothing has arrived in time.
        """
        if self._event_began_at is not None:
            return await self._read_rest(self._event_began_at)
        while True:
            try:
                async with asyncio.timeout(self._limits.idle_s):
                    return await self._reader.read(READ_BYTES)
            except TimeoutError as error:
                if not self._inbox.pending:
                    raise DeadlineExceeded(
                        f"No data for {self._limits.idle_s:g} s; reconnect to continue."
                    ) from error

    async def _read_rest(self, began_at: float) -> bytes:
        try:
            async with asyncio.timeout(self._limits.read_s - (time.monotonic() - began_at)):
                return await self._reader.read(READ_BYTES)
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"An event was still incomplete {self._limits.read_s:g} s after its first byte."
            ) from error
