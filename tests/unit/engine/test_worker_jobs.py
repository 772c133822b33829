"""Jobs that are submitted now and waited for later."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.jobs import (
    Calls,
    Held,
    Thing,
    lanes,
    negative_unless_two,
    occupied,
    submitted_together,
    working,
)
from wyoming_voice_stack.engine.job_handle import Wanted
from wyoming_voice_stack.engine.queue import Priority
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import (
    Abandoned,
    Busy,
    DeadlineExceeded,
    EmptyText,
    EngineError,
)


class OneAfterTheOther:
    """A batch function with a result for all odd items, later for the even ones, or none in the first call."""

    def __init__(self, *, fail: Exception | None = None, yields: bool = False) -> None:
        self.noted: list[list[int]] = []
        self.go = threading.Event()
        self._fail, self._yields = fail, yields

    def __call__(
        self, engine: Thing, items: Sequence[int], wanted: Wanted
    ) -> Iterator[tuple[int, int]]:
        self.noted.append(list(items))
        odd = [number for number, item in enumerate(items) if item % 2]
        yield from ((number, items[number]) for number in reversed(odd))
        while self._yields and wanted() and not self.go.is_set():
            threading.Event().wait(0.001)
        if not wanted():
            raise Abandoned("another client waits")
        assert self.go.wait(WAIT_SECONDS)
        if self._fail is not None:
            raise self._fail
        yield from ((number, item) for number, item in enumerate(items) if number not in odd)


class TestTickets:
    async def test_results_go_to_the_right_ones(self) -> None:
        calls, others = Calls(), Calls(lambda item: item * 10)
        async with working(**lanes(1, batch=4)) as worker:
            async with occupied(worker):
                handles = [
                    worker.submit(item, together, Priority.FINAL)
                    for item in range(1, 7)
                    for together in (calls, others)
                ]
            got = [await handle.wait() for handle in handles]
        assert got == [-1, 10, -2, 20, -3, 30, -4, 40, -5, 50, -6, 60]
        assert calls.noted == others.noted == [[1, 2, 3, 4], [5, 6]]

    async def test_engine_that_takes_one_at_a_time_gets_one(self) -> None:
        calls = Calls()
        async with working() as worker:
            handles = await submitted_together(worker, (1, 2), calls, Priority.FINAL)
            assert [await handle.wait() for handle in handles] == [-1, -2]
        assert calls.noted == [[1], [2]]

    async def test_one_that_spoils_a_batch_fails_alone(self) -> None:
        calls = Calls(negative_unless_two)
        async with working(**lanes(1, batch=4)) as worker:
            handles = await submitted_together(worker, (1, 2, 3), calls, Priority.FINAL)
            assert await handles[0].wait() == -1
            with pytest.raises(EmptyText):
                await handles[1].wait()
            assert await handles[2].wait() == -3
            assert worker.state == "ready"
        assert calls.noted == [[1, 2, 3], [1], [2], [3]]

    async def test_bug_that_spoils_a_batch_is_one_failure(self) -> None:
        calls = Calls(lambda item: 1 / item)
        async with working(**lanes(1, batch=4)) as worker:
            handles = await submitted_together(worker, (1, 0, 2), calls, Priority.FINAL)
            assert (await handles[0].wait(), await handles[2].wait()) == (1, 0.5)
            with pytest.raises(EngineError, match="ZeroDivisionError"):
                await handles[1].wait()

    async def test_call_that_gives_too_few_results_fails(self) -> None:
        async with working() as worker:
            with pytest.raises(EngineError, match="ValueError"):
                await worker.submit(1, lambda *_: [], Priority.FINAL).wait()

    async def test_results_are_handed_out_as_soon_as_they_are_there(self) -> None:
        calls = OneAfterTheOther()
        async with working(**lanes(1, batch=4)) as worker:
            handles = await submitted_together(worker, (1, 2, 3), calls, Priority.FINAL)
            assert await handles[2].wait() == 3
            assert await handles[0].wait() == 1
            assert not handles[1].done
            assert worker.workload.running == 1
            calls.go.set()
            assert await handles[1].wait() == 2
        assert calls.noted == [[1, 2, 3]]

    async def test_only_those_without_a_result_run_again(self) -> None:
        calls = OneAfterTheOther(fail=EmptyText("two is nothing"))
        async with working(**lanes(1, batch=4)) as worker:
            handles = await submitted_together(worker, (1, 2, 3), calls, Priority.FINAL)
            calls.go.set()
            assert [await handles[0].wait(), await handles[2].wait()] == [1, 3]
            with pytest.raises(EmptyText):
                await handles[1].wait()
        assert calls.noted == [[1, 2, 3], [2]]

    async def test_those_without_a_result_yield_to_who_waits(self) -> None:
        calls = OneAfterTheOther(yields=True)
        other = Calls()
        async with working(**lanes(1, batch=4)) as worker:
            handles = await submitted_together(worker, (1, 2, 3), calls, Priority.SPECULATIVE)
            await eventually(lambda: handles[0].done)
            assert await worker.submit(4, other, Priority.FINAL).wait() == -4
            assert not handles[1].done
            calls.go.set()
            assert await handles[1].wait() == 2
        assert calls.noted == [[1, 2, 3], [2]]

    async def test_a_call_ends_when_all_without_a_result_are_cancelled(self) -> None:
        calls = OneAfterTheOther(yields=True)
        async with working(**lanes(1, batch=4)) as worker:
            handles = await submitted_together(worker, (1, 2, 3), calls, Priority.FINAL)
            await eventually(lambda: handles[0].done)
            handles[1].cancel()
            assert await worker.run(lambda _: "next") == "next"
        assert handles[2].result() == 3

    async def test_partials_are_alone(self) -> None:
        calls = Calls()
        async with working(**lanes(1, batch=4)) as worker:
            async with occupied(worker):
                partials = [worker.submit(item, calls, Priority.PARTIAL) for item in (1, 2)]
                final = worker.submit(3, calls, Priority.FINAL)
                speculative = worker.submit(4, calls, Priority.SPECULATIVE)
                urgent = worker.submit(5, calls, Priority.PARTIAL)
                waiting = asyncio.create_task(urgent.wait())
                await asyncio.sleep(0)
            await eventually(lambda: all(partial.done for partial in partials))
            assert await waiting == -5
        assert final.done
        assert speculative.done
        assert calls.noted == [[3], [5], [4], [1], [2]]

    async def test_waiting_goes_before_speculative(self) -> None:
        calls = Calls()
        async with working() as worker:
            async with occupied(worker):
                first, second = (
                    worker.submit(item, calls, Priority.SPECULATIVE) for item in (1, 2)
                )
                waiting = asyncio.create_task(second.wait())
                await asyncio.sleep(0)
            assert await waiting == -2
            await first.wait()
        assert calls.noted == [[2], [1]]

    async def test_speculative_should_yield_to_who_waits(self) -> None:
        calls = Calls()
        begun_once = threading.Event()

        def patient(_: Thing, items: Sequence[int], wanted: Wanted) -> Iterable[tuple[int, int]]:
            if not begun_once.is_set():
                begun_once.set()
                while wanted():
                    threading.Event().wait(0.001)
                raise Abandoned("another client waits")
            calls.noted.append(list(items))
            return enumerate(items)

        async with working() as worker:
            speculative = worker.submit(1, patient, Priority.SPECULATIVE)
            await eventually(begun_once.is_set)
            assert await worker.submit(2, calls, Priority.FINAL).wait() == -2
            assert await speculative.wait() == 1
            assert worker.state == "ready"
        assert calls.noted == [[2], [1]]

    async def test_full_queue_is_busy(self) -> None:
        async with working(max_queued=1) as worker, occupied(worker):
            worker.submit(1, Calls(), Priority.FINAL)
            with pytest.raises(Busy):
                worker.submit(2, Calls(), Priority.FINAL)

    async def test_late_one_is_given_up(self) -> None:
        calls = Calls()
        async with working(max_wait_s=0.0) as worker, occupied_by_ticket(worker):
            with pytest.raises(DeadlineExceeded, match="busy"):
                await worker.submit(1, calls, Priority.FINAL).wait()
        assert calls.noted == []

    async def test_room_is_that_of_the_queue(self) -> None:
        async with working() as worker:
            await worker.run(lambda _: None)
            await eventually(lambda: worker.can_accept(Priority.PARTIAL))
            async with occupied(worker):
                assert not worker.can_accept(Priority.PARTIAL)
                assert worker.can_accept(Priority.SPECULATIVE)
                worker.submit(1, Calls(), Priority.FINAL)
                assert not worker.can_accept(Priority.SPECULATIVE)
                assert worker.can_accept(Priority.FINAL)


@asynccontextmanager
async def occupied_by_ticket(worker: Worker[Any]) -> AsyncIterator[None]:
    """As `occupied`, for workers without room in the queue."""
    held = Held()
    handle = worker.submit(0, held, Priority.FINAL)
    await held.begun()
    try:
        yield
    finally:
        held.go.set()
        await handle.wait()
