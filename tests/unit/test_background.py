from __future__ import annotations

import asyncio

import pytest

from tests.support.fakes import eventually
from wyoming_voice_stack.background import BackgroundTask


async def test_it_runs_from_start_to_stop() -> None:
    began: list[str] = []
    cancelled = asyncio.Event()

    async def run() -> None:
        began.append("once")
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    task = BackgroundTask(run, name="test", on_failure="not expected")
    assert not task.running
    task.start()
    task.start()
    assert task.running
    await asyncio.sleep(0)
    await task.stop()
    assert began == ["once"]
    assert cancelled.is_set()
    assert not task.running


async def test_it_can_be_stopped_twice_before_a_start_and_started_again() -> None:
    ends = asyncio.Event()

    async def run() -> None:
        ends.set()

    task = BackgroundTask(run, name="test", on_failure="not expected")
    await task.stop()
    for _ in range(2):
        ends.clear()
        task.start()
        await ends.wait()
        await task.stop()
        await task.stop()


async def test_a_failure_is_logged_once_and_does_not_spread(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def run() -> None:
        raise RuntimeError("broken pipe")

    task = BackgroundTask(run, name="test", on_failure="The sea is no longer watched")
    task.start()
    await eventually(lambda: not task.running)
    await task.stop()
    assert [record.getMessage() for record in caplog.records] == ["The sea is no longer watched"]
    assert "broken pipe" in caplog.text


async def test_stopping_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        await asyncio.Event().wait()

    task = BackgroundTask(run, name="test", on_failure="not expected")
    task.start()
    await asyncio.sleep(0)
    await task.stop()
    assert not caplog.records
