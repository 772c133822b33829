"""Tasks that end together. Unlike `asyncio.TaskGroup`, it leaves no references in a circle behind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable


async def first_failure(tasks: Iterable[asyncio.Task[None]]) -> BaseException | None:
    """Wait for all tasks, and return the error of the first that failed; it cancels the others.

    A task that was cancelled has not failed. If the caller is cancelled, the tasks are too.
    """
    waiting = set(tasks)
    try:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in waiting:
            task.cancel()
        if waiting:
            await asyncio.wait(waiting)
    errors = (task.exception() for task in done if not task.cancelled())
    return next((error for error in errors if error is not None), None)
