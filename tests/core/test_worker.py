from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from tests.fakes import WAIT_SECONDS, eventually
from wyoming_voice_stack.core import channel as channel_module
from wyoming_voice_stack.core.metrics import Metrics
from wyoming_voice_stack.core.slot import MAX_FAILURES_IN_A_ROW
from wyoming_voice_stack.core.worker import Priority, Worker
from wyoming_voice_stack.errors import (
    Busy,
    DeadlineExceeded,
    EngineError,
    ModelNotFound,
    ShuttingDown,
)


class Thing:
    """An engine that does what its jobs do."""

    def __init__(self) -> None:
        self.closed = False
        self.thread = threading.get_ident()

    def close(self) -> None:
        assert threading.get_ident() == self.thread
        self.closed = True


@asynccontextmanager
async def working(
    load: Any = Thing, *, max_queued: int = 4, load_now: bool = True, **more: Any
) -> AsyncIterator[Worker[Thing]]:
    worker: Worker[Thing] = Worker("thing", load, max_queued=max_queued, metrics=Metrics(), **more)
    worker.start(load_now=load_now)
    try:
        yield worker
    finally:
        assert await worker.stop(WAIT_SECONDS)


class Gate:
    """A job that says when it has begun and waits to be let go."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self, _: Thing) -> str:
        self.begun.set()
        assert self.go.wait(WAIT_SECONDS)
        return "done"


async def begun(gate: Gate) -> None:
    assert await asyncio.to_thread(gate.begun.wait, WAIT_SECONDS)


class TestJobs:
    async def test_runs_in_the_engines_own_thread(self) -> None:
        async with working() as worker:
            thread = await worker.run(lambda thing: (thing.thread, threading.get_ident()))
        assert thread[0] == thread[1] != threading.get_ident()

    async def test_stream_gives_items_in_order(self) -> None:
        async with working() as worker:
            assert [item async for item in worker.stream(lambda _: iter(range(1000)))] == list(
                range(1000)
            )

    async def test_finals_go_before_guesses(self) -> None:
        order: list[str] = []
        gate = Gate()
        async with working() as worker:
            first = asyncio.create_task(worker.run(gate))
            await begun(gate)
            guess = asyncio.create_task(worker.run(lambda _: order.append("guess"), Priority.GUESS))
            await eventually(lambda: len(worker._queue) == 1)
            final = asyncio.create_task(worker.run(lambda _: order.append("final")))
            await eventually(lambda: len(worker._queue) == 2)
            gate.go.set()
            await asyncio.gather(first, guess, final)
        assert order == ["final", "guess"]

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
            assert worker._queue == []
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
            async with aclosing(worker.stream(endless)) as items:
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

        async with working() as worker, aclosing(worker.stream(count)) as items:
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


class TestFailures:
    async def test_bug_in_a_job_is_an_engine_error_and_the_next_job_runs(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(_: Thing) -> None:
            raise ZeroDivisionError

        async with working() as worker:
            with pytest.raises(EngineError, match="ZeroDivisionError"):
                await worker.run(broken)
            assert await worker.run(lambda _: 5) == 5
            assert worker.state == "ready"
        assert "ZeroDivisionError" in caplog.text

    async def test_many_failures_load_the_engine_anew(self) -> None:
        things: list[Thing] = []

        def load() -> Thing:
            things.append(Thing())
            return things[-1]

        def broken(_: Thing) -> None:
            raise EngineError("the device is lost")

        async with working(load) as worker:
            for _ in range(MAX_FAILURES_IN_A_ROW):
                with pytest.raises(EngineError):
                    await worker.run(broken)
            # Nobody has to ask for anything: it is loaded anew at once.
            await eventually(lambda: len(things) == 2 and worker.state == "ready")
            assert things[0].closed
            assert await worker.run(lambda _: 5) == 5

    async def test_engine_that_cannot_be_closed_is_replaced_too(self) -> None:
        class Lost(Thing):
            def close(self) -> None:
                if not loads[1:]:
                    raise RuntimeError("the device is lost")

        loads: list[Lost] = []

        def load() -> Lost:
            loads.append(Lost())
            return loads[-1]

        def broken(_: Thing) -> None:
            raise EngineError("the device is lost")

        async with working(load) as worker:
            for _ in range(MAX_FAILURES_IN_A_ROW):
                with pytest.raises(EngineError):
                    await worker.run(broken)
            await eventually(lambda: len(loads) == 2 and worker.state == "ready")
            assert await worker.run(lambda _: 5) == 5

    async def test_engine_that_wants_to_exit_is_a_failure(self) -> None:
        def load() -> Thing:
            raise SystemExit(1)

        async with working(load) as worker:
            with pytest.raises(EngineError, match="SystemExit"):
                await worker.run(lambda _: None)
            assert worker.state == "failed"

    async def test_words_of_an_error_do_not_reach_the_log(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        spoken = "my secret"

        def broken(_: Thing) -> None:
            raise ValueError(f"cannot pronounce {spoken!r}")

        async with working() as worker:
            with pytest.raises(EngineError) as caught:
                await worker.run(broken)
        assert "secret" not in caplog.text + str(caught.value)
        assert "in broken" in caplog.text

    async def test_request_under_way_is_not_refused(self) -> None:
        gate = Gate()
        async with working(max_queued=1) as worker:
            first = asyncio.create_task(worker.run(gate))
            await begun(gate)
            second = asyncio.create_task(worker.run(lambda _: "second"))
            await eventually(lambda: len(worker._queue) == 1)
            async with aclosing(worker.stream(lambda _: iter("x"), admitted=True)) as items:
                going_on = asyncio.create_task(anext(items))
                await eventually(lambda: len(worker._queue) == 2)
                gate.go.set()
                assert await going_on == "x"
            assert (await first, await second) == ("done", "second")

    async def test_job_dropped_during_the_load_is_not_run(self) -> None:
        go, ran = threading.Event(), threading.Event()

        def load() -> Thing:
            assert go.wait(WAIT_SECONDS)
            return Thing()

        async with working(load, load_now=False) as worker:
            waiting = asyncio.create_task(worker.run(lambda _: ran.set()))
            await eventually(lambda: worker.state == "loading")
            waiting.cancel()
            await asyncio.wait({waiting})
            go.set()
            assert await worker.run(lambda _: 5) == 5
        assert not ran.is_set()

    async def test_failed_load_is_told_to_everyone_and_tried_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        attempts: list[int] = []

        def load() -> Thing:
            attempts.append(1)
            if len(attempts) == 1:
                raise ModelNotFound("no such model; look elsewhere")
            return Thing()

        async with working(load) as worker:
            with pytest.raises(ModelNotFound, match="look elsewhere"):
                await worker.run(lambda _: None)
            assert worker.state == "failed"
            assert isinstance(worker.error, ModelNotFound)
            with pytest.raises(ModelNotFound):
                await worker.run(lambda _: None)
            assert len(attempts) == 1
            monkeypatch.setattr(worker._slot, "_retry_at", 0.0)
            assert await worker.run(lambda _: 5) == 5
            assert worker.state == "ready"

    async def test_unexpected_load_failure(self) -> None:
        def load() -> Thing:
            raise ValueError("weights of another model")

        async with working(load) as worker:
            with pytest.raises(EngineError, match="weights of another model"):
                await worker.run(lambda _: None)

    async def test_waiting_for_the_load_is_bounded(self) -> None:
        go = threading.Event()

        def load() -> Thing:
            assert go.wait(WAIT_SECONDS)
            return Thing()

        async with working(load, max_wait_s=0.02) as worker:
            with pytest.raises(DeadlineExceeded, match="loading"):
                await worker.run(lambda _: None)
            go.set()


class TestStop:
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
