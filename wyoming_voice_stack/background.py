"""Work that must not delay other work of the event loop: background tasks, and turns of large jobs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

_LOGGER = logging.getLogger(__name__)


class BackgroundTask:
    """Runs one coroutine function at a time. Used from one event loop."""

    def __init__(
        self, run: Callable[[], Coroutine[Any, Any, None]], *, name: str, on_failure: str
    ) -> None:
        """`on_failure` is logged, with the traceback, if `run` raises: what no longer happens."""
        self._run = run
        self._name = name
        self._on_failure = on_failure
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """True from `start` until the task ends or is stopped."""
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        """Start the task unless it has been started already; neither waits nor fails."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=self._name)
            self._task.add_done_callback(self._log_failure)

    async def stop(self) -> None:
        """Cancel the task and wait for its end. May be called at any time, and twice."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    def _log_failure(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOGGER.error("%s", self._on_failure, exc_info=error)


CROWD = 4
"""Coroutines that wait for a turn, from which turns are followed by pauses: fewer uploads need none."""
WORK_SECONDS = 0.005
"""Processor time of turns after which a pause follows. After each turn, a busy system would take too long to
wake the thread up."""
MAX_PAUSE_SECONDS = 0.02
"""Longest pause, however long the last turn took."""


TURN_SECONDS = 0.004
"""Processor time of one turn of the event loop, after which ordinary clients wait for the next one, too.
Whoever asks `describe` on a new connection is answered after four turns or more."""


class OverloadTurns:
    """Gives one coroutine after the other a turn of the event loop, in the order in which they ask.

    With `pauses`, a crowd gets half of the event loop's time: after some turns, no other follows for as
    long as they took. A thread that always works waits for a core behind all others that work.
    """

    def __init__(
        self,
        *,
        pauses: bool = False,
        clock: Callable[[], float] = time.thread_time,
        wall_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`clock` returns the processor time of the event loop's thread, in seconds."""
        self._pauses = pauses
        self._clock = clock
        self._wall_clock = wall_clock
        self._worked_s = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._scheduled = False
        self._turn_began_at: float | None = None
        self._second_half_began_s: float | None = None

    @property
    def used_up(self) -> bool:
        """Whether the work since the first look in this turn of the event loop has taken `TURN_SECONDS`."""
        if self._turn_began_at is None:
            self._turn_began_at = self._wall_clock()
            asyncio.get_running_loop().call_soon(self._begin_turn)
            return False
        # Reading the processor time of a thread is a system call, too slow for each event.
        if self._wall_clock() - self._turn_began_at < TURN_SECONDS / 2:
            return False
        worked_s = self._clock()
        if self._second_half_began_s is None:
            self._second_half_began_s = worked_s
        return worked_s - self._second_half_began_s >= TURN_SECONDS / 2

    def _begin_turn(self) -> None:
        self._turn_began_at = self._second_half_began_s = None

    async def wait(self) -> None:
        """Wait for the next turn that no other caller has."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        if not self._scheduled:
            self._scheduled = True
            loop.call_soon(self._give_turn)
        await turn

    def _give_turn(self) -> None:
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft()
        if not self._waiting:
            self._scheduled = False
            return
        self._waiting.popleft().set_result(None)
        loop = asyncio.get_running_loop()
        if self._pauses and len(self._waiting) >= CROWD:
            # Called after the coroutine whose turn it is.
            loop.call_soon(self._note_turn, self._clock())
        else:
            loop.call_soon(self._give_turn)

    def _note_turn(self, began: float) -> None:
        self._worked_s += self._clock() - began
        if self._worked_s < WORK_SECONDS:
            self._give_turn()
            return
        pause_s, self._worked_s = min(self._worked_s, MAX_PAUSE_SECONDS), 0.0
        asyncio.get_running_loop().call_later(pause_s, self._give_turn)
