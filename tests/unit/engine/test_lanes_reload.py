"""An engine that is replaced while its lanes work."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.jobs import Calls, lanes, occupied, submitted_together, working
from tests.support.lanes import Halls, calls_running, lost, noting
from wyoming_voice_stack.engine.failure_policy import MAX_FAILURES_IN_A_ROW
from wyoming_voice_stack.engine.queue import Priority
from wyoming_voice_stack.errors import (
    EngineError,
)


class TestReload:
    async def test_is_not_closed_while_another_lane_is_inside(self) -> None:
        halls = Halls()
        async with working(halls, **lanes(2)) as worker:
            async with occupied(worker):
                for _ in range(MAX_FAILURES_IN_A_ROW):
                    with pytest.raises(EngineError):
                        await worker.run(lost)
                await eventually(lambda: calls_running(worker) == 1)
                assert worker.state == "failed"
                assert (halls.attempts, halls.loaded[0].closings) == (1, [])
                waiting = asyncio.create_task(worker.run(lambda hall: hall))
            assert await waiting is halls.loaded[1]
            assert halls.loaded[0].closings == [0]
        assert [hall.closings for hall in halls.loaded] == [[0], [0]]

    async def test_takes_nobody_in_any_more(self) -> None:
        halls = Halls()
        async with working(halls, **lanes(2)) as worker:
            async with occupied(worker, 2) as gates:
                jobs = [lost] * MAX_FAILURES_IN_A_ROW + [lambda hall: hall]
                tasks = [asyncio.create_task(worker.run(job)) for job in jobs]
                await eventually(lambda: worker.queued_jobs == len(jobs))
                gates[0].go.set()
                await asyncio.wait(tasks[:-1])
                await eventually(lambda: calls_running(worker) == 2)
            assert await tasks[-1] is halls.loaded[1]
            for failed in tasks[:-1]:
                assert isinstance(failed.exception(), EngineError)

    async def test_is_replaced_once_whoever_else_fails_on_it(self) -> None:
        halls = Halls()
        calls = Calls(lost)
        async with working(halls, **lanes(1, batch=8)) as worker:
            for handle in await submitted_together(worker, range(8), calls, Priority.FINAL):
                with pytest.raises(EngineError):
                    await handle.wait()
            assert calls.noted[0] == [*range(8)]
            await eventually(lambda: len(halls.loaded) == 2 and worker.state == "ready")
            # The new one starts with a clean sheet.
            for _ in range(MAX_FAILURES_IN_A_ROW - 1):
                with pytest.raises(EngineError):
                    await worker.run(lost)
            assert await worker.run(lambda hall: hall) is halls.loaded[1]

    async def test_success_between_failures_counts(self) -> None:
        halls = Halls()
        async with working(halls, **lanes(2)) as worker:
            for number in range(MAX_FAILURES_IN_A_ROW * 2):
                if number % 2:
                    await worker.run(lambda _: None)
                with pytest.raises(EngineError):
                    await worker.run(lost)
            assert await worker.run(lambda hall: hall) is halls.loaded[0]

    async def test_success_in_a_batch_counts_as_well(self) -> None:
        halls = Halls()
        async with working(halls, **lanes(2, batch=2)) as worker:
            for _ in range(MAX_FAILURES_IN_A_ROW):
                for _ in range(MAX_FAILURES_IN_A_ROW - 1):
                    with pytest.raises(EngineError):
                        await worker.run(lost)
                assert await worker.submit(2, Calls(), Priority.FINAL).wait() == -2
            assert await worker.run(lambda hall: hall) is halls.loaded[0]

    @pytest.mark.parametrize("resting", [0, 1])
    async def test_is_replaced_without_being_asked_whichever_lane_rests(self, resting: int) -> None:
        looked: list[str] = []
        halls, hold = Halls(), threading.Event()

        def lost_later(_: object) -> Any:
            assert hold.wait(WAIT_SECONDS)
            return lost(_)

        calls = Calls(lost_later)
        async with working(
            halls, max_queued=32, threads=2, capacity=noting(looked, batch=8)
        ) as worker:
            async with occupied(worker, 2) as gates:
                handles = [
                    worker.submit(item, calls, Priority.FINAL)
                    for item in range(MAX_FAILURES_IN_A_ROW)
                ]
                rests, works = sorted(gates, key=lambda gate: gate.lane, reverse=bool(resting))
                works.go.set()
                await eventually(lambda: bool(calls.noted))
                looked.clear()
                rests.go.set()
                await eventually(lambda: rests.lane in looked)
                assert calls_running(worker) == 1
                hold.set()
                await eventually(lambda: len(halls.loaded) == 2 and worker.state == "ready")
            assert all(handle.failed for handle in handles)
        assert [hall.closings for hall in halls.loaded] == [[0], [0]]
