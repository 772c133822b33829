from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.jobs import Calls, Gate, Hall, begun, lanes, occupied, working
from wyoming_voice_stack.engine import failure_policy as failure_policy_module
from wyoming_voice_stack.engine.failure_policy import MAX_FAILURES_IN_A_ROW, FailurePolicy
from wyoming_voice_stack.engine.lifecycle import EngineLifecycle
from wyoming_voice_stack.engine.loader import EngineLoader
from wyoming_voice_stack.engine.queue import Capacity, Priority
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import (
    DeadlineExceeded,
    EngineError,
    ModelNotFound,
    ShuttingDown,
)
from wyoming_voice_stack.metrics import Metrics


class Halls:
    """Loads a new hall each time; can be held, and can fail."""

    def __init__(self, *failures: Exception) -> None:
        self.loaded: list[Hall] = []
        self.attempts = 0
        self.at_once = 0
        self.go = threading.Event()
        self.go.set()
        self._failures = list(failures)
        self._loading = 0

    def __call__(self) -> Hall:
        self.attempts += 1
        self._loading += 1
        self.at_once = max(self.at_once, self._loading)
        try:
            assert self.go.wait(WAIT_SECONDS)
            if self._failures:
                raise self._failures.pop(0)
            self.loaded.append(Hall())
        finally:
            self._loading -= 1
        return self.loaded[-1]


def lost(_: object) -> Any:
    raise EngineError("the device is lost")


def calls_running(worker: Worker[Any]) -> int:
    return len(worker._queue._running)


def noting(lanes_that_looked: list[str], count: int = 2, batch: int = 1) -> Callable[[Any], Any]:
    """A capacity that tells which thread asked for it: one that found nothing to do rests."""

    def capacity(_: object) -> Capacity:
        lanes_that_looked.append(threading.current_thread().name)
        return Capacity(count, batch)

    return capacity


class TestAtOnce:
    async def test_two_calls(self) -> None:
        async with working(Hall, **lanes(2)) as worker, occupied(worker, 2) as gates:
            assert gates[0].lane != gates[1].lane

    async def test_no_more_than_the_engine_takes(self) -> None:
        looked: list[str] = []
        async with working(Hall, threads=4, capacity=noting(looked)) as worker:
            async with occupied(worker, 2) as gates:
                looked.clear()
                third = asyncio.create_task(worker.run(lambda _: "third"))
                await eventually(lambda: len({*looked} - {gate.lane for gate in gates}) == 2)
                assert (len(worker._queue), calls_running(worker)) == (1, 2)
            assert await third == "third"

    async def test_capacity_is_that_of_the_engine(self) -> None:
        async with (
            working(Hall, threads=2, capacity=lambda engine: engine.capacity) as worker,
            occupied(worker, 2),
        ):
            assert calls_running(worker) == 2

    async def test_final_passes_a_speculative(self) -> None:
        async with working(Hall, **lanes(2)) as worker:
            await worker.run(lambda _: None)
            hold = threading.Event()
            speculative = worker.submit(
                1, Calls(lambda _: hold.wait(WAIT_SECONDS)), Priority.SPECULATIVE
            )
            other = worker.submit(2, Calls(), Priority.SPECULATIVE)
            await eventually(lambda: speculative.started)
            assert await worker.run(lambda _: "final") == "final"
            assert not other.started
            hold.set()
            assert await other.wait() == -2

    async def test_batch_leaves_the_other_lane_free(self) -> None:
        hold, entered = threading.Event(), threading.Event()

        def sing(item: int) -> int:
            entered.set()
            assert hold.wait(WAIT_SECONDS)
            return -item

        calls = Calls(sing)
        async with working(Hall, **lanes(2, batch=4)) as worker:
            async with occupied(worker, 2):
                handles = [worker.submit(item, calls, Priority.FINAL) for item in range(3)]
            assert await asyncio.to_thread(entered.wait, WAIT_SECONDS)
            assert await worker.run(lambda _: "beside") == "beside"
            hold.set()
            assert [await handle.wait() for handle in handles] == [0, -1, -2]
        assert calls.noted == [[0, 1, 2]]


class TestLoading:
    @pytest.mark.parametrize("load_now", [True, False])
    @pytest.mark.parametrize("threads", [2, 3])
    async def test_all_lanes_run_as_soon_as_it_is_loaded(
        self, threads: int, load_now: bool
    ) -> None:
        halls = Halls()
        halls.go.clear()
        gates = [Gate() for _ in range(threads)]
        async with working(halls, load_now=load_now, **lanes(threads)) as worker:
            tasks = [asyncio.create_task(worker.run(gate)) for gate in gates]
            # An engine that is not there has one lane.
            await eventually(lambda: len(worker._queue) == threads - 1)
            assert calls_running(worker) == 1
            assert worker.state == "loading"
            halls.go.set()
            await begun(*gates)
            for gate in gates:
                gate.go.set()
            await asyncio.gather(*tasks)
        assert halls.attempts == 1

    async def test_stop_refuses_what_waits_for_it(self) -> None:
        halls = Halls()
        halls.go.clear()
        async with working(halls, load_now=False, **lanes(2)) as worker:
            streamed = asyncio.create_task(worker.run(lambda _: "never"))
            await eventually(lambda: worker.state == "loading")
            handle = worker.submit(1, Calls(), Priority.FINAL)
            waiting = asyncio.create_task(handle.wait())
            assert not await worker.stop(0.0)
            for refused in (streamed, waiting):
                with pytest.raises(ShuttingDown):
                    await refused
            assert not halls.loaded
            halls.go.set()
        assert halls.loaded[0].closings == [0]

    async def test_handle_waits_for_it_only_so_long(self) -> None:
        halls = Halls()
        halls.go.clear()
        async with working(halls, max_wait_s=0.0, **lanes(2)) as worker:
            calls = Calls()
            with pytest.raises(DeadlineExceeded, match="loading"):
                await worker.submit(1, calls, Priority.SPECULATIVE).wait()
            halls.go.set()
        assert calls.noted == []

    async def test_failure_is_told_to_all(self) -> None:
        halls = Halls(ModelNotFound("no such model; look elsewhere"))
        async with working(halls, **lanes(2, batch=4)) as worker:
            calls = Calls()
            handles = [worker.submit(item, calls, Priority.SPECULATIVE) for item in range(3)]
            for handle in handles:
                with pytest.raises(ModelNotFound):
                    await handle.wait()
        assert calls.noted == []

    async def test_is_tried_again_by_one_lane_without_being_asked(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(failure_policy_module, "LOAD_RETRY_SECONDS", 0.0)
        halls = Halls(*[ModelNotFound("not yet")] * 5)
        async with working(halls, **lanes(3)) as worker:
            await eventually(lambda: worker.state == "ready")
            async with occupied(worker, 3):
                # Each lane has come by the engine now.
                assert (halls.attempts, halls.at_once, len(halls.loaded)) == (6, 1, 1)

    async def test_fails_for_all_who_came_meanwhile(self) -> None:
        halls = Halls(*[ModelNotFound("no such model")] * 2)
        halls.go.clear()
        lifecycle: EngineLifecycle[Hall] = EngineLifecycle(
            EngineLoader("thing", halls, Metrics()), FailurePolicy("thing")
        )
        found: list[Hall | None] = []

        def use() -> None:
            with lifecycle.using() as engine:
                found.append(engine)

        threads = [threading.Thread(target=use) for _ in range(3)]
        for thread in threads:
            thread.start()
        halls.go.set()
        for thread in threads:
            thread.join(WAIT_SECONDS)
        assert found == [None] * 3
        assert halls.attempts == 1


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
            async with occupied(worker):
                jobs = [lost] * MAX_FAILURES_IN_A_ROW + [lambda hall: hall]
                tasks = [asyncio.create_task(worker.run(job)) for job in jobs]
                await asyncio.wait(tasks[:-1])
                await eventually(lambda: calls_running(worker) == 2)
            assert await tasks[-1] is halls.loaded[1]
            for failed in tasks[:-1]:
                assert isinstance(failed.exception(), EngineError)

    async def test_is_replaced_once_whoever_else_fails_on_it(self) -> None:
        halls = Halls()
        hold = threading.Event()

        def lost_later(_: object) -> Any:
            assert hold.wait(WAIT_SECONDS)
            return lost(_)

        calls = Calls(lost_later)
        async with working(halls, **lanes(1, batch=8)) as worker:
            handles = [worker.submit(item, calls, Priority.FINAL) for item in range(1, 9)]
            hold.set()
            for handle in handles:
                with pytest.raises(EngineError):
                    await handle.wait()
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


class TestStop:
    async def test_all_lanes_end_and_the_last_one_closes_the_engine(self) -> None:
        halls = Halls()
        async with working(halls, **lanes(3)) as worker:
            async with occupied(worker, 2) as gates:
                assert not await worker.stop(0.0)
                gates[0].go.set()
                threads = {thread.name: thread for thread in worker._threads}
                await asyncio.to_thread(threads[gates[0].lane].join, WAIT_SECONDS)
                assert halls.loaded[0].closings == []
            assert await worker.stop(WAIT_SECONDS)
            assert not any(thread.is_alive() for thread in worker._threads)
        assert halls.loaded[0].closings == [0]

    async def test_before_the_start(self) -> None:
        worker = Worker("thing", Hall, max_queued=4, metrics=Metrics(), threads=2)
        assert await worker.stop(0.0)

    async def test_of_idle_lanes_without_an_engine(self) -> None:
        halls = Halls()
        async with working(halls, load_now=False, **lanes(3)):
            pass
        assert halls.attempts == 0
