from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from tests.support.fakes import eventually
from wyoming_voice_stack.background import (
    CROWD,
    MAX_PAUSE_SECONDS,
    WORK_SECONDS,
    BackgroundTask,
    OverloadTurns,
)


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


class Clock:
    """Processor time, which each turn advances."""

    def __init__(self, turn_s: float) -> None:
        self._now = 0.0
        self._turn_s = turn_s

    def __call__(self) -> float:
        return self._now

    def work(self) -> None:
        self._now += self._turn_s


async def given_turns(
    monkeypatch: pytest.MonkeyPatch, waiting: int, *, turn_s: float, pauses: bool = True
) -> tuple[list[int], list[float]]:
    """Who had turns, in order, and the pauses between them."""
    clock = Clock(turn_s)
    turns = OverloadTurns(pauses=pauses, clock=clock)
    order: list[int] = []
    delays: list[float] = []
    loop = asyncio.get_running_loop()

    def call_later(delay: float, callback: Callable[[], None]) -> asyncio.Handle:
        delays.append(delay)
        return loop.call_soon(callback)

    async def work(number: int) -> None:
        await turns.wait()
        order.append(number)
        clock.work()

    with monkeypatch.context() as patch:
        patch.setattr(loop, "call_later", call_later)
        await asyncio.gather(*map(work, range(waiting)))
    return order, delays


async def test_a_crowd_pauses_as_long_as_it_works(monkeypatch: pytest.MonkeyPatch) -> None:
    order, delays = await given_turns(monkeypatch, CROWD + 6, turn_s=WORK_SECONDS / 2)
    assert order == list(range(CROWD + 6))
    assert delays == pytest.approx([WORK_SECONDS] * 3)


async def test_few_do_not_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    order, delays = await given_turns(monkeypatch, CROWD, turn_s=WORK_SECONDS)
    assert (order, delays) == (list(range(CROWD)), [])


async def test_no_pauses_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    _, delays = await given_turns(monkeypatch, 3 * CROWD, turn_s=WORK_SECONDS, pauses=False)
    assert delays == []


async def test_a_pause_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    _, delays = await given_turns(monkeypatch, CROWD + 1, turn_s=9.0)
    assert delays == [MAX_PAUSE_SECONDS]
