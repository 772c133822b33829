"""A bounded one-way channel for results, from an engine's thread to a coroutine."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from typing import Generic, TypeVar

from wyoming_voice_stack.errors import VoiceStackError

MAX_UNREAD_ITEMS = 256
"""Results of one job that were not taken yet; more pause the engine."""

Item = TypeVar("Item")


class Channel(Generic[Item]):
    """One thread puts, one coroutine takes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._arrived = asyncio.Event()
        self._changed = threading.Condition()
        self._items: deque[Item] = deque()
        self._ended = False
        self._closed = False
        self._error: VoiceStackError | None = None

    @property
    def readable(self) -> bool:
        """True if `take` returns at once."""
        with self._changed:
            return bool(self._items) or self._ended

    def put(self, item: Item) -> bool:
        """Add a result, from the thread; returns False once the receiver has closed the channel.

        Blocks while `MAX_UNREAD_ITEMS` are unread; the receiver's own deadline ends that.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._items) < MAX_UNREAD_ITEMS)
            if self._closed:
                return False
            self._items.append(item)
        self._wake()
        return True

    def end(self, error: VoiceStackError | None = None) -> None:
        """End the channel after the results so far, from any thread. Only the first call counts."""
        with self._changed:
            if self._ended:
                return
            self._ended, self._error = True, error
        self._wake()

    async def take(self) -> tuple[Item] | None:
        """Wait for the next result; None after the last.

        Raises:
            VoiceStackError: the one that `end` was given.
        """
        while True:
            with self._changed:
                if self._items:
                    item = self._items.popleft()
                    self._changed.notify_all()
                    return (item,)
                if self._ended:
                    if self._error is not None:
                        raise self._error
                    return None
                self._arrived.clear()
            await self._arrived.wait()

    def close(self) -> None:
        """Take nothing more: discards unread results and lets a blocked `put` return."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    def _wake(self) -> None:
        # The loop may be closed already when a process stops in the middle of a job.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._arrived.set)
