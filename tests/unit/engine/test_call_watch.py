"""Calls of an engine that do not return."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from typing import Any

import pytest

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.jobs import Calls, Gate, Thing, begun, lanes, working
from wyoming_voice_stack.engine import call_watch, result_stream
from wyoming_voice_stack.engine import worker as worker_module
from wyoming_voice_stack.engine.call_watch import MAX_LOST_CALLS, CallWatch
from wyoming_voice_stack.engine.failure_policy import FailurePolicy
from wyoming_voice_stack.engine.lifecycle import EngineLifecycle
from wyoming_voice_stack.engine.loader import EngineLoader
from wyoming_voice_stack.engine.queue import Capacity, Job, JobQueue, Priority
from wyoming_voice_stack.engine.queueing.job import JobCost
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import EngineTimeout, VoiceStackError
from wyoming_voice_stack.metrics import Metrics

PATIENT = JobCost(limit_s=1000.0)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_watch, "CHECK_SECONDS", 0.001)
    monkeypatch.setattr(result_stream, "STEP_LIMIT_S", 0.0)


@asynccontextmanager
async def watched(**more: Any) -> AsyncIterator[tuple[Worker[Any], threading.Event, list[str]]]:
    """A worker, an event that lets stuck calls return, and what it did when it gave up."""
    given_up: list[str] = []
    go = threading.Event()
    async with working(give_up=lambda: given_up.append("given up"), **more) as worker:
        await eventually(lambda: worker.state == "ready")
        try:
            yield worker, go, given_up
        finally:
            go.set()


def stuck(go: threading.Event) -> Any:
    return lambda _: go.wait(WAIT_SECONDS)


async def test_client_health_and_thread(caplog: pytest.LogCaptureFixture) -> None:
    async with watched() as (worker, go, given_up):
        with pytest.raises(EngineTimeout, match="thing has not finished a request within 0 s"):
            await worker.run(stuck(go))
        assert worker.state == "failed"
        assert isinstance(worker.error, EngineTimeout)
        # Another thread has taken its place.
        calls = Calls()
        assert await worker.submit(3, calls, Priority.FINAL, cost=PATIENT).wait() == -3
        assert worker.state == "ready"
        assert given_up == []
    assert "its thread is replaced" in caplog.text
    assert EngineTimeout.code == "engine-timeout"


async def test_ready_again_when_it_returns() -> None:
    async with watched() as (worker, go, _):
        with pytest.raises(EngineTimeout):
            await worker.run(stuck(go))
        lost = worker._threads[0]
        go.set()
        await eventually(lambda: worker.state == "ready")
        await asyncio.to_thread(lost.join, WAIT_SECONDS)
        assert not lost.is_alive()
        assert len(worker._threads) == 2


async def test_batch_is_given_up_as_a_whole() -> None:
    async with watched(**lanes(1, batch=2)) as (worker, go, _):
        gate = Gate()
        first = worker.submit(gate, lambda _, items, __: [(0, items[0](_))], Priority.FINAL)
        await begun(gate)
        hold = Calls(lambda _: go.wait(WAIT_SECONDS))
        cost = JobCost(limit_s=0.0)
        handles = [worker.submit(n, hold, Priority.FINAL, cost=cost) for n in range(2)]
        gate.go.set()
        for handle in handles:
            with pytest.raises(EngineTimeout):
                await handle.wait()
        assert await first.wait() == "done"


def test_the_limit_of_a_batch_is_that_of_its_jobs_together() -> None:
    queue, gone = JobQueue("thing", 2), time.monotonic() - 6.0
    errors: list[VoiceStackError] = []
    for limit_s in (3.0, 4.0):
        cost = JobCost(limit_s=limit_s)
        run, number = (lambda *_: None), queue.next_number()
        queue.put(Job(Priority.FINAL, number, run, errors.append, batch_key="all", cost=cost))
    batch = queue.take(lambda: Capacity(lanes=1, batch=2), 0.0)
    assert batch is not None
    lifecycle = EngineLifecycle(EngineLoader("thing", Thing, Metrics()), FailurePolicy("thing"))
    watch = CallWatch("thing", queue, lifecycle, replace_thread=lambda: None, give_up=lambda: None)
    batch[0].busy_since = gone
    watch.check()
    assert errors == []
    batch[0].busy_since = gone - 2.0
    watch.check()
    assert ["within 7 s" in str(error) for error in errors] == [True, True]


async def test_process_ends_without_memory_for_another_thread(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def start(_: threading.Thread) -> None:
        raise MemoryError

    async with watched() as (worker, go, given_up):
        monkeypatch.setattr(worker_module, "start_thread", start)
        with pytest.raises(EngineTimeout):
            await worker.run(stuck(go))
        await eventually(lambda: given_up == ["given up"])
    assert "there is no memory for another thread" in caplog.text


async def test_process_ends_after_too_many() -> None:
    async with watched() as (worker, go, given_up):
        for number in range(MAX_LOST_CALLS + 1):
            assert given_up == []
            with pytest.raises(EngineTimeout):
                await worker.run(stuck(go))
            assert len(worker._threads) == 1 + min(number + 1, MAX_LOST_CALLS)
        assert given_up == ["given up"]
        assert not await worker.stop(0.0)


async def test_returned_calls_do_not_count() -> None:
    async with watched() as (worker, _, given_up):
        for _ in range(2 * MAX_LOST_CALLS):
            go = threading.Event()
            with pytest.raises(EngineTimeout):
                await worker.run(stuck(go))
            go.set()
            await eventually(lambda: worker.state == "ready")
        assert given_up == []


async def test_a_client_that_takes_nothing_is_no_fault_of_the_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wyoming_voice_stack.engine.channel.MAX_UNREAD_ITEMS", 1)
    monkeypatch.setattr(result_stream, "STEP_LIMIT_S", 1000.0)

    def three(_: object) -> Iterator[int]:
        yield from range(3)

    async with watched() as (worker, _, _):
        with closing(worker.stream(three)) as results:
            assert await anext(results) == 0
            await eventually(lambda: _inside_put(worker))
            job = worker._queue._running[0][0]
            assert job.busy_since is None
            assert [item async for item in results] == [1, 2]


def _inside_put(worker: Worker[Any]) -> bool:
    running = worker._queue._running
    return bool(running) and running[0][0].busy_since is None and running[0][0].started.is_set()


async def test_call_within_its_limit_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_stream, "STEP_LIMIT_S", 1000.0)
    checks: list[int] = []
    check = call_watch.CallWatch.check

    def counted(watch: call_watch.CallWatch) -> None:
        checks.append(1)
        check(watch)

    monkeypatch.setattr(call_watch.CallWatch, "check", counted)
    async with watched() as (worker, go, _):
        running = asyncio.create_task(worker.run(stuck(go)))
        await eventually(lambda: len(checks) > 5)
        assert worker.state == "ready"
        go.set()
        assert await running
