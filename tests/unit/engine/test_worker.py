from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.jobs import Gate, Thing, begun, lanes, working
from wyoming_voice_stack.engine import channel as channel_module
from wyoming_voice_stack.engine.queue import Priority
from wyoming_voice_stack.errors import (
    Busy,
    DeadlineExceeded,
    ShuttingDown,
)


class TestJobs:
    async def test_runs_in_the_engines_own_thread(self) -> None:
        async with working() as worker:
            thread = await worker.run(lambda thing: (thing.thread, threading.get_ident()))
        assert thread[0] == thread[1] != threading.get_ident()

    async def test_stream_gives_items_in_order(self) -> None:
        async with working() as worker:
            with closing(worker.stream(lambda _: iter(range(1000)))) as items:
                assert [item async for item in items] == list(range(1000))

    async def test_stream_works_ahead_of_who_takes_it(self) -> None:
        made: list[int] = []
        with_all = threading.Event()

        def count(_: Thing) -> Iterator[int]:
            for number in range(5):
                made.append(number)
                yield number
            with_all.set()

        async with working() as worker:
            with closing(worker.stream(count)) as items:
                assert await asyncio.to_thread(with_all.wait, WAIT_SECONDS)
                assert made == list(range(5))
                assert [item async for item in items] == made

    async def test_finals_go_before_speculative(self) -> None:
        order: list[str] = []
        gate = Gate()
        async with working() as worker:
            first = asyncio.create_task(worker.run(gate))
            await begun(gate)
            speculative = asyncio.create_task(
                worker.run(lambda _: order.append("speculative"), Priority.SPECULATIVE)
            )
            await eventually(lambda: len(worker._queue) == 1)
            final = asyncio.create_task(worker.run(lambda _: order.append("final")))
            await eventually(lambda: len(worker._queue) == 2)
            gate.go.set()
            await asyncio.gather(first, speculative, final)
        assert order == ["final", "speculative"]

    async def test_full_queue_is_busy(self) -> None:
        gate = Gate()
        async with working(max_queued=1) as worker:
            first = asyncio.create_task(worker.run(gate))
            await begun(gate)
            second = asyncio.create_task(worker.run(lambda _: None))
            await eventually(lambda: len(worker._queue) == 1)
            with pytest.raises(Busy, match="MAX_QUEUED_REQUESTS"):
                await worker.run(lambda _: None)
            gate.go.set()
            await asyncio.gather(first, second)

    async def test_cancelled_job_never_starts(self) -> None:
        gate, ran = Gate(), threading.Event()
        async with working() as worker:
            first = asyncio.create_task(worker.run(gate))
            await begun(gate)
            second = asyncio.create_task(worker.run(lambda _: ran.set()))
            await eventually(lambda: len(worker._queue) == 1)
            second.cancel()
            await asyncio.wait({second})
            assert len(worker._queue) == 0
            gate.go.set()
            await first
        assert not ran.is_set()

    async def test_closed_stream_stops_between_items(self) -> None:
        made: list[int] = []
        ended = threading.Event()

        def endless(_: Thing) -> Iterator[int]:
            try:
                while True:
                    made.append(len(made))
                    yield made[-1]
            finally:
                ended.set()

        async with working() as worker:
            with closing(worker.stream(endless)) as items:
                assert await anext(items) == 0
            assert await asyncio.to_thread(ended.wait, WAIT_SECONDS)
            assert await worker.run(lambda _: "next") == "next"
        assert len(made) <= channel_module.MAX_UNREAD_ITEMS + 2

    async def test_unread_items_pause_the_engine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(channel_module, "MAX_UNREAD_ITEMS", 3)
        made: list[int] = []

        def count(_: Thing) -> Iterator[int]:
            for number in range(50):
                made.append(number)
                yield number

        async with working() as worker:
            with closing(worker.stream(count)) as items:
                seen = [await anext(items)]
                for _ in range(20):
                    await asyncio.sleep(0)
                    assert len(made) <= len(seen) + 4
                seen += [item async for item in items]
        assert seen == list(range(50))

    async def test_late_job_is_given_up(self) -> None:
        gate = Gate()
        async with working(max_wait_s=0.02) as worker:
            first = asyncio.create_task(worker.run(gate))
            await begun(gate)
            with pytest.raises(DeadlineExceeded, match="busy"):
                await worker.run(lambda _: None)
            gate.go.set()
            assert await first == "done"


class TestStop:
    async def test_waits_once_for_all_lanes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        waited: list[float] = []

        class Stuck:
            ident = 1

            def join(self, timeout: float) -> None:
                waited.append(timeout)
                now[0] += timeout

            def is_alive(self) -> bool:
                return True

        now = [100.0]
        async with working(**lanes(3)) as worker:
            threads = worker._threads
            monkeypatch.setattr(time, "monotonic", lambda: now[0])
            worker._threads = [Stuck() for _ in range(20)]  # type: ignore[misc]
            assert not await worker.stop(2.0)
            assert sum(waited) == pytest.approx(2.0)
            monkeypatch.undo()
            worker._threads = threads

    async def test_closes_the_engine(self) -> None:
        async with working() as worker:
            thing = await worker.run(lambda engine: engine)
        assert thing.closed
        with pytest.raises(ShuttingDown):
            await worker.run(lambda _: None)

    async def test_refuses_what_waits(self) -> None:
        gate = Gate()
        async with working() as worker:
            first = asyncio.create_task(worker.run(gate))
            await begun(gate)
            second = asyncio.create_task(worker.run(lambda _: None))
            await eventually(lambda: len(worker._queue) == 1)
            assert not await worker.stop(0.0)
            with pytest.raises(ShuttingDown):
                await second
            gate.go.set()
            await asyncio.wait({first})
            first.exception()

    async def test_lazy_engine_loads_with_the_first_job(self) -> None:
        async with working(load_now=False) as worker:
            assert worker.state == "idle"
            assert worker.engine is None
            await worker.run(lambda _: None)
            assert worker.state == "ready"
