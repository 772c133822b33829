"""Tasks that end together. Unlike `asyncio.TaskGroup`, it leaves no references in a circle behind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence


async def first_failure(tasks: Sequence[asyncio.Task[None]]) -> BaseException | None:
    """Wait for all tasks, and return the error of the first that failed; it cancels the others.

    A task that was cancelled has not failed. If the caller is cancelled, the tasks are too.
    """
    errors: list[BaseException] = []

    def keep_error(task: asyncio.Task[None]) -> None:
        # asyncio logs each error that is not looked at, with what its traceback quotes.
        if not task.cancelled() and (error := task.exception()) is not None:
            errors.append(error)

    for task in tasks:
        task.add_done_callback(keep_error)
    waiting = set(tasks)
    try:
        _, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in waiting:
            task.cancel()
        if waiting:
            await asyncio.wait(waiting)
    return errors[0] if errors else None
