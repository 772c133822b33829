"""A task that its owner starts and stops, and that runs in the background in between."""

from __future__ import annotations

import asyncio
import logging
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
