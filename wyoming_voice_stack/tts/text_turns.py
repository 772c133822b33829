"""Bounds the work that the texts of all replies together cause between two turns of the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from wyoming_voice_stack.background import OverloadTurns

Result = TypeVar("Result")

LONG_CHARACTERS = 500
"""Longer sentences are processed in a thread: a thousand numbers to write out take tens of milliseconds."""


class TextTurns:
    """Lets one reply at a time process a piece of its text. One for the server."""

    def __init__(self) -> None:
        self._turns = OverloadTurns()
        # Several threads would keep the interpreter from the event loop for as many switch intervals.
        self._thread = asyncio.Semaphore(1)

    async def run(self, work: Callable[[str], Result], text: str) -> Result:
        """Return `work(text)`, done in a turn of the event loop that no other text has."""
        await self._turns.wait()
        if len(text) <= LONG_CHARACTERS:
            return work(text)
        async with self._thread:
            return await asyncio.to_thread(work, text)
