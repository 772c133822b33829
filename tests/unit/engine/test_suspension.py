"""A job that stops between two results while its client takes none, and goes on later."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from typing import Any

import pytest

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.jobs import Gate, Loads, Thing, begun, occupied, working
from wyoming_voice_stack.engine.idle_policy import IdlePolicy
from wyoming_voice_stack.engine.result_stream import ResultStream
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import Busy, ShuttingDown


class Counting:
    """A job that counts up, a number each time that the test lets it."""

    def __init__(self) -> None:
        self.waits = threading.Semaphore(0)
        self.steps = threading.Semaphore(0)
        self.closed = threading.Event()

    def __call__(self, _: Thing) -> Iterator[int]:
        try:
            for number in range(4):
                self.waits.release()
                assert self.steps.acquire(timeout=WAIT_SECONDS)
                yield number
        finally:
            self.closed.set()


@asynccontextmanager
async def suspended(worker: Worker[Any], counting: Counting) -> AsyncIterator[ResultStream[int]]:
    """A stream that was suspended behind its first result, which was taken."""
    with closing(worker.stream(counting)) as stream:
        counting.steps.release()
        assert await anext(stream) == 0
        for _ in range(2):
            assert await asyncio.to_thread(counting.waits.acquire, timeout=WAIT_SECONDS)
        assert not stream.waits_for_resume
        stream.suspend()
        counting.steps.release()
        await eventually(lambda: worker._queue._suspended != [])
        assert not stream.waits_for_resume
        assert await anext(stream) == 1
        assert stream.waits_for_resume
        yield stream


async def test_its_lane_is_free_and_it_goes_on_where_it_stopped() -> None:
    counting = Counting()
    async with working() as worker, suspended(worker, counting) as stream:
        assert await asyncio.wait_for(worker.run(lambda _: "other"), WAIT_SECONDS) == "other"
        counting.steps.release(2)
        stream.resume()
        assert [number async for number in stream] == [2, 3]
        assert counting.closed.is_set()
        await eventually(lambda: not worker._queue.needs_engine)


async def test_one_that_goes_on_before_it_has_stopped() -> None:
    counting = Counting()
    async with working() as worker:
        with closing(worker.stream(counting)) as stream:
            stream.suspend()
            stream.resume()
            counting.steps.release(4)
            assert [number async for number in stream] == [0, 1, 2, 3]


async def test_one_that_has_not_begun() -> None:
    counting = Counting()
    async with working() as worker:
        async with occupied(worker):
            stream = worker.stream(counting)
            stream.suspend()
        await eventually(lambda: worker._queue._suspended != [])
        counting.steps.release(4)
        stream.resume()
        assert [number async for number in stream] == [0, 1, 2, 3]
        stream.close()


async def test_goes_on_by_the_new_time_at_which_it_is_due() -> None:
    counting, gate = Counting(), Gate()
    order: list[str] = []

    def note(_: Thing) -> Iterator[int]:
        order.append("first")
        yield 0

    async with working() as worker, suspended(worker, counting) as stream:
        blocking = asyncio.create_task(worker.run(gate))
        await begun(gate)
        first = worker.stream(note, due=1.0)
        stream.resume(due=2.0)
        counting.steps.release(2)
        gate.go.set()
        await blocking
        assert [number async for number in stream] == [2, 3]
        assert order == ["first"]
        first.close()


async def test_is_no_request_that_waits() -> None:
    counting = Counting()
    async with (
        working(max_queued=1) as worker,
        suspended(worker, counting) as stream,
        occupied(worker),
    ):
        stream.resume()
        assert worker.queued_jobs == 1
        assert worker.queued_requests == 0
        counting.steps.release(2)


async def test_a_client_that_leaves_ends_it() -> None:
    counting = Counting()
    async with working() as worker:
        async with suspended(worker, counting):
            assert not counting.closed.is_set()
        assert counting.closed.is_set()
        await eventually(lambda: not worker._queue.needs_engine)
        assert await worker.run(lambda _: "other") == "other"


async def test_the_engine_is_kept_until_it_ends() -> None:
    counting, loads = Counting(), Loads()
    async with working(loads, idle_policy=IdlePolicy(unload_after_s=0.0)) as worker:
        async with suspended(worker, counting):
            count = len(loads.engines)
            for _ in range(2):
                await worker.run(lambda _: None)
            assert len(loads.engines) == count
        await eventually(lambda: worker.state == "unloaded")


async def test_a_server_that_stops_tells_its_client() -> None:
    counting = Counting()
    async with working() as worker, suspended(worker, counting) as stream:
        assert await worker.stop(WAIT_SECONDS)
        with pytest.raises(ShuttingDown):
            await anext(stream)
        stream.resume()


async def test_is_not_continued_on_another_engine() -> None:
    counting, loads = Counting(), Loads()
    async with working(loads) as worker, suspended(worker, counting) as stream:
        assert worker._lifecycle.unload_unless_used()
        assert await worker.run(lambda engine: engine is loads.engines[1])
        stream.resume()
        with pytest.raises(Busy, match="reloaded during the request"):
            await anext(stream)
        assert counting.closed.is_set()
