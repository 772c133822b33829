from __future__ import annotations

import asyncio
import threading

import pytest

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.jobs import Calls, Gate, Hall, begun, lanes, occupied, working
from tests.support.lanes import Halls, calls_running, noting
from wyoming_voice_stack.engine import failure_policy as failure_policy_module
from wyoming_voice_stack.engine.failure_policy import FailurePolicy
from wyoming_voice_stack.engine.lifecycle import EngineLifecycle
from wyoming_voice_stack.engine.loader import EngineLoader
from wyoming_voice_stack.engine.queue import Priority
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import (
    DeadlineExceeded,
    ModelNotFound,
    ShuttingDown,
)
from wyoming_voice_stack.metrics import Metrics


def _held(hold: threading.Event) -> Calls:
    return Calls(lambda _: hold.wait(WAIT_SECONDS))


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
                # One of the two idle threads is woken; the other may only just begin to wait.
                await eventually(lambda: len({*looked} - {gate.lane for gate in gates}) >= 1)
                assert (len(worker._queue), calls_running(worker)) == (1, 2)
            assert await third == "third"

    async def test_capacity_is_that_of_the_engine(self) -> None:
        async with (
            working(Hall, threads=2, capacity=lambda engine: engine.capacity) as worker,
            occupied(worker, 2),
        ):
            assert calls_running(worker) == 2

    async def test_final_passes_a_waiting_speculative(self) -> None:
        async with working(Hall, **lanes(2)) as worker:
            await worker.run(lambda _: None)
            holds = threading.Event(), threading.Event()
            running = [
                worker.submit(number, _held(hold), Priority.SPECULATIVE)
                for number, hold in enumerate(holds)
            ]
            await eventually(lambda: all(each.started for each in running))
            other = worker.submit(2, Calls(), Priority.SPECULATIVE)
            final = asyncio.create_task(worker.run(lambda _: other.started))
            await eventually(lambda: len(worker._queue) == 2)
            holds[0].set()
            assert await final is False
            holds[1].set()
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

    async def test_call_gets_jobs_of_one_group(self) -> None:
        calls = Calls()
        groups = [1, 2, None, 1, None]
        async with working(Hall, **lanes(1, batch=4)) as worker:
            async with occupied(worker):
                handles = [
                    worker.submit(item, calls, Priority.FINAL, group=group)
                    for item, group in enumerate(groups)
                ]
            assert [await handle.wait() for handle in handles] == [0, -1, -2, -3, -4]
        assert calls.noted == [[0, 3], [1], [2], [4]]


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

    async def test_stop_does_not_wait_for_it(self) -> None:
        halls = Halls()
        halls.go.clear()
        async with working(halls, **lanes(2)) as worker:
            try:
                async with asyncio.timeout(WAIT_SECONDS):
                    assert not await worker.stop(100 * WAIT_SECONDS)
            finally:
                halls.go.set()

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
