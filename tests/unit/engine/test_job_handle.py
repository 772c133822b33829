from __future__ import annotations

import asyncio
import gc
import threading
from typing import Any

import pytest

from tests.support.fakes import WAIT_SECONDS, eventually
from wyoming_voice_stack.engine.job_handle import JobHandle
from wyoming_voice_stack.engine.queue import Capacity, JobQueue, Priority
from wyoming_voice_stack.errors import Abandoned, DeadlineExceeded, EngineError, ShuttingDown


class Desk:
    """A handle, its job, and the queue that the job waits in."""

    def __init__(self, max_wait_s: float = WAIT_SECONDS) -> None:
        self.queue = JobQueue("thing", 4)
        self.handle: JobHandle[int] = JobHandle(
            self.queue,
            lambda *_: None,
            Priority.SPECULATIVE,
            max_wait_s=max_wait_s,
            timeout_message=lambda: "too late",
        )
        self.job = self.handle._job

    def start(self) -> None:
        assert self.queue.take(Capacity, 0.0) == [self.job]
        self.job.started.set()

    async def from_thread(self, function: Any, value: object) -> None:
        await asyncio.to_thread(function, value)

    async def awaited(self) -> asyncio.Task[int]:
        """Start a task that waits for the handle."""
        task = asyncio.create_task(self.handle.wait())
        await eventually(lambda: self.job.priority is Priority.FINAL)
        return task


async def some_turns() -> None:
    """Let everything run that the event loop has to do now."""
    for _ in range(10):
        await asyncio.sleep(0)


class TestResult:
    async def test_comes_from_another_thread(self) -> None:
        desk = Desk()
        assert (desk.handle.started, desk.handle.done, desk.handle.failed) == (False,) * 3
        desk.start()
        assert (desk.handle.started, desk.handle.done, desk.handle.failed) == (True, False, False)
        await desk.from_thread(desk.handle.set_result, 5)
        assert await desk.handle.wait() == 5
        assert (desk.handle.started, desk.handle.done, desk.handle.failed) == (True, True, False)
        assert desk.handle.result() == 5

    async def test_may_be_falsy(self) -> None:
        desk = Desk()
        desk.handle.set_result(0)
        assert await desk.handle.wait() == 0

    async def test_error_is_raised(self) -> None:
        desk = Desk()
        waiting = await desk.awaited()
        await desk.from_thread(desk.handle.fail, EngineError("the device is lost"))
        with pytest.raises(EngineError, match="device is lost"):
            await waiting
        assert desk.handle.done
        assert desk.handle.failed
        with pytest.raises(EngineError):
            desk.handle.result()

    async def test_only_the_first_counts(self) -> None:
        first, second = Desk().handle, Desk().handle
        first.set_result(1)
        first.set_result(2)
        first.fail(EngineError("late"))
        second.fail(EngineError("early"))
        second.set_result(3)
        await some_turns()
        assert first.result() == 1
        with pytest.raises(EngineError, match="early"):
            second.result()

    def test_after_the_loop_has_closed_goes_nowhere(self) -> None:
        async def make() -> Desk:
            return Desk()

        loop = asyncio.new_event_loop()
        desk = loop.run_until_complete(make())
        loop.close()
        thread = threading.Thread(target=desk.handle.set_result, args=(5,))
        thread.start()
        thread.join()
        desk.handle.fail(EngineError("the device is lost"))
        assert not desk.handle.done


class TestWait:
    async def test_goes_before_speculative(self) -> None:
        desk = Desk()
        waiting = await desk.awaited()
        assert desk.job.priority is Priority.FINAL
        desk.handle.set_result(5)
        assert await waiting == 5

    async def test_for_what_is_there_changes_nothing(self) -> None:
        desk = Desk()
        desk.handle.set_result(5)
        await some_turns()
        assert await desk.handle.wait() == 5
        assert desk.job.priority is Priority.SPECULATIVE
        assert not desk.job.cancelled.is_set()

    async def test_is_over_when_it_does_not_start(self) -> None:
        desk = Desk(max_wait_s=0.0)
        with pytest.raises(DeadlineExceeded, match="too late"):
            await desk.handle.wait()
        assert desk.job.cancelled.is_set()
        assert len(desk.queue) == 0

    async def test_goes_on_when_it_has_started(self) -> None:
        desk = Desk(max_wait_s=0.0)
        desk.start()
        waiting = await desk.awaited()
        await some_turns()
        assert not waiting.done()
        desk.handle.set_result(5)
        assert await waiting == 5

    async def test_cancelled_drops_what_waits(self) -> None:
        desk = Desk()
        waiting = await desk.awaited()
        waiting.cancel()
        await asyncio.wait({waiting})
        assert waiting.cancelled()
        assert desk.queue.idle

    async def test_cancelled_asks_what_runs_to_stop(self) -> None:
        desk = Desk()
        desk.start()
        waiting = await desk.awaited()
        waiting.cancel()
        await asyncio.wait({waiting})
        assert desk.job.cancelled.is_set()

    async def test_leaves_no_timer_behind(self) -> None:
        desk = Desk()
        waiting = await desk.awaited()
        desk.handle.set_result(5)
        await waiting
        scheduled = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
        assert all(timer.cancelled() for timer in scheduled)


class TestDrop:
    async def test_of_what_waits_removes_it(self) -> None:
        desk = Desk()
        desk.handle.cancel()
        assert desk.queue.idle
        assert desk.handle.failed

    async def test_of_what_runs_asks_it_to_stop(self) -> None:
        desk = Desk()
        desk.start()
        desk.handle.cancel()
        assert desk.job.cancelled.is_set()
        assert not desk.queue.idle

    async def test_lets_nobody_wait_for_ever(self) -> None:
        desk = Desk()
        waiting = await desk.awaited()
        desk.handle.cancel()
        for _ in range(2):
            with pytest.raises(Abandoned):
                await waiting
            waiting = asyncio.create_task(desk.handle.wait())
        with pytest.raises(Abandoned):
            await waiting

    async def test_while_the_server_stops_says_so(self) -> None:
        desk = Desk()
        desk.queue.close()
        desk.handle.cancel()
        with pytest.raises(ShuttingDown):
            await desk.handle.wait()

    async def test_of_what_is_done_leaves_the_result(self) -> None:
        desk = Desk()
        desk.start()
        desk.handle.set_result(5)
        await some_turns()
        desk.handle.cancel()
        assert not desk.job.cancelled.is_set()
        assert desk.handle.result() == 5

    async def test_error_of_what_was_dropped_is_told_to_nobody(self) -> None:
        reported: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: reported.append(context)
        )
        dropped, forgotten = Desk(), Desk()
        dropped.handle.cancel()
        for desk in (dropped, forgotten):
            await desk.from_thread(desk.handle.fail, EngineError("the device is lost"))
        await some_turns()
        del dropped, forgotten, desk
        gc.collect()
        await some_turns()
        assert reported == []
