"""Finds calls of an engine that do not return, tells their clients, and has their threads replaced."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

from wyoming_voice_stack.engine.lifecycle import EngineLifecycle
from wyoming_voice_stack.engine.queue import Job, JobQueue
from wyoming_voice_stack.errors import EngineTimeout

_LOGGER = logging.getLogger(__name__)

CHECK_SECONDS = 5.0
"""How often calls are compared with their limits, which are minutes."""
MAX_LOST_CALLS = 2
"""Calls that may be inside the engine beyond their limits; with one more, the process ends."""


_given_up = threading.Event()


def given_up() -> bool:
    """Return whether this process ends because calls of an engine do not return."""
    return _given_up.is_set()


def end_process() -> None:
    """Stop this server, so that what supervises it starts it again."""
    _given_up.set()
    os.kill(os.getpid(), signal.SIGTERM)


class CallWatch:
    """Watches the calls of one engine. Runs on the event loop."""

    def __init__(
        self,
        name: str,
        queue: JobQueue,
        lifecycle: EngineLifecycle[Any],
        *,
        replace_thread: Callable[[], None],
        give_up: Callable[[], None],
    ) -> None:
        """`replace_thread` starts a thread in place of a lost one, or raises MemoryError; `give_up` ends the process."""
        self._name = name
        self._queue = queue
        self._lifecycle = lifecycle
        self._replace_thread = replace_thread
        self._give_up = give_up
        self._lost: list[list[Job]] = []

    async def run(self) -> None:
        """Check all calls again and again, until cancelled."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            self.check()

    def check(self) -> None:
        """Handle all calls that have exceeded their limits."""
        self._lost = [batch for batch in self._lost if _inside(batch)]
        for batch in self._queue.stuck():
            self._lose(batch)
        if not self._lost:
            self._lifecycle.stuck = None

    def _lose(self, batch: list[Job]) -> None:
        limit_s = sum(job.cost.limit_s or 0.0 for job in batch)
        error = EngineTimeout(
            f"{self._name} has not finished a request within {limit_s:.0f} s. If this happens again,"
            " restart the server."
        )
        _LOGGER.error("%s The request is given up, and its thread is replaced.", error)
        self._lost.append(batch)
        self._lifecycle.stuck = error
        self._queue.finish(batch)
        for job in batch:
            job.cancelled.set()
            job.fail(error)
        if len(self._lost) > MAX_LOST_CALLS:
            _LOGGER.critical(
                "%d calls of %s do not return; the server stops, to be started again",
                len(self._lost),
                self._name,
            )
            self._give_up()
        else:
            self._replace_or_give_up()

    def _replace_or_give_up(self) -> None:
        try:
            self._replace_thread()
        except MemoryError:
            _LOGGER.critical(
                "a call of %s does not return, and there is no memory for another thread; the server stops,"
                " to be started again",
                self._name,
            )
            self._give_up()


def _inside(batch: list[Job]) -> bool:
    return any(job.busy_since is not None for job in batch)
