"""Jobs that no client waits for any more, and those that are left when the worker stops."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tests.support.fakes import WAIT_SECONDS
from tests.support.jobs import (
    Calls,
    Held,
    lanes,
    negative_unless_two,
    occupied,
    submitted_together,
    working,
)
from wyoming_voice_stack.engine.queue import Priority
from wyoming_voice_stack.errors import (
    ShuttingDown,
)


class TestDrops:
    async def test_what_waits_never_starts(self) -> None:
        calls = Calls()
        async with working() as worker:
            async with occupied(worker):
                worker.submit(1, calls, Priority.FINAL).cancel()
                assert len(worker._queue) == 0
            await worker.run(lambda _: None)
        assert calls.noted == []

    async def test_what_runs_is_not_wanted(self) -> None:
        held = Held()
        async with working() as worker:
            handle = worker.submit(1, held, Priority.SPECULATIVE)
            await held.begun()
            assert held.wanted()
            handle.cancel()
            assert not held.wanted()
            held.go.set()
            assert await worker.run(lambda _: "next") == "next"
            assert worker.state == "ready"

    async def test_batch_is_wanted_while_one_of_it_is(self) -> None:
        held = Held()
        async with working(**lanes(1, batch=4)) as worker:
            handles = await submitted_together(worker, (1, 2, 3), held, Priority.SPECULATIVE)
            await held.begun()
            handles[0].cancel()
            handles[2].cancel()
            assert held.wanted()
            held.go.set()
            assert await handles[1].wait() == -2
            assert [handle.failed for handle in handles] == [True, False, True]

    async def test_batch_that_nobody_wants_is_not_tried_again(self) -> None:
        held = Held()
        async with working(**lanes(1, batch=4)) as worker:
            handles = await submitted_together(worker, (1, 2, 3), held, Priority.SPECULATIVE)
            await held.begun()
            for handle in handles:
                handle.cancel()
            held.go.set()
            await worker.run(lambda _: None)
        assert held.noted == [[1, 2, 3]]

    async def test_who_left_a_spoilt_batch_is_not_tried_again(self) -> None:
        entered, go = threading.Event(), threading.Event()

        def picky(item: int) -> int:
            entered.set()
            assert go.wait(WAIT_SECONDS)
            return negative_unless_two(item)

        calls = Calls(picky)
        async with working(**lanes(1, batch=4)) as worker:
            handles = await submitted_together(worker, (1, 2, 3), calls, Priority.FINAL)
            assert await asyncio.to_thread(entered.wait, WAIT_SECONDS)
            handles[2].cancel()
            go.set()
            assert await handles[0].wait() == -1
            await worker.run(lambda _: None)
        assert calls.noted == [[1, 2, 3], [1], [2]]

    async def test_stop_says_why_to_all_of_a_batch(self) -> None:
        held = Held()
        async with working(**lanes(1, batch=4)) as worker:
            handles = await submitted_together(worker, (1, 2), held, Priority.FINAL)
            await held.begun()
            waiting = [asyncio.create_task(handle.wait()) for handle in handles]
            await asyncio.sleep(0)
            assert not await worker.stop(0.0)
            held.go.set()
            async with asyncio.timeout(WAIT_SECONDS):
                for refused in waiting:
                    with pytest.raises(ShuttingDown):
                        await refused

    async def test_stop_says_why_to_one_that_runs(self) -> None:
        held = Held()
        async with working() as worker:
            waiting = asyncio.create_task(worker.submit(1, held, Priority.FINAL).wait())
            await held.begun()
            assert not await worker.stop(0.0)
            held.go.set()
            with pytest.raises(ShuttingDown):
                await waiting
