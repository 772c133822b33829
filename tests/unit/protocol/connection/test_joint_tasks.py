"""Tests for tasks that end together."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Iterator
from contextlib import suppress
from typing import Any

import pytest

from wyoming_voice_stack.protocol.connection.joint_tasks import first_failure


@pytest.fixture
def unseen() -> Iterator[list[str]]:
    """What asyncio would log about errors of tasks that were not looked at."""
    messages: list[str] = []
    yield messages
    assert messages == []


async def _first_of(
    coroutines: list[Coroutine[Any, Any, None]], unseen: list[str]
) -> BaseException | None:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: unseen.append(context["message"]))
    tasks = [asyncio.create_task(each) for each in coroutines]
    error = await first_failure(tasks)
    assert all(task.done() for task in tasks)
    tasks.clear()
    gc.collect()
    return error


async def _fail(name: str) -> None:
    raise ConnectionResetError(name)


async def _wait() -> None:
    await asyncio.Event().wait()


async def _fail_when_cancelled() -> None:
    with suppress(asyncio.CancelledError):
        await _wait()
    raise ConnectionResetError("late")


async def test_one_failure_ends_the_other_task(unseen: list[str]) -> None:
    assert str(await _first_of([_wait(), _fail("first")], unseen)) == "first"


async def test_of_two_failures_at_the_same_time_the_first_counts(unseen: list[str]) -> None:
    assert str(await _first_of([_fail("first"), _fail("second")], unseen)) == "first"


async def test_the_failure_of_a_cancelled_task_does_not_count(unseen: list[str]) -> None:
    assert str(await _first_of([_fail_when_cancelled(), _fail("first")], unseen)) == "first"


async def test_tasks_end_with_the_caller(unseen: list[str]) -> None:
    caller = asyncio.create_task(_first_of([_fail_when_cancelled(), _wait()], unseen))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    del caller
    gc.collect()
