from __future__ import annotations

import asyncio
import threading
import weakref
from contextlib import closing

import pytest

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.jobs import Gate, Loads, Thing, begun, fail_until_reloaded, working
from wyoming_voice_stack.engine.failure_policy import MAX_FAILURES_IN_A_ROW
from wyoming_voice_stack.engine.idle_policy import IdlePolicy
from wyoming_voice_stack.errors import (
    DeadlineExceeded,
    EngineError,
    ModelCorrupt,
    ModelNotFound,
    OutOfMemory,
)
from wyoming_voice_stack.machine.memory import return_freed_memory


def broken_device(_: Thing) -> None:
    raise EngineError("the device is lost")


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

    async def test_many_failures_reload_the_engine(self) -> None:
        loads = Loads()
        async with working(loads) as worker:
            await fail_until_reloaded(worker, loads.engines, broken_device)
            assert loads.engines[0].closed
            assert await worker.run(lambda _: 5) == 5

    async def test_engine_that_failed_is_gone_before_the_next_one_is_loaded(self) -> None:
        class Weights:
            """What an engine is made of; a step that fails holds on to it."""

        left: list[int] = []
        known: weakref.WeakSet[Weights] = weakref.WeakSet()

        class Large(Thing):
            def __init__(self) -> None:
                super().__init__()
                left.append(len(known))
                self.weights: Weights | None = Weights()
                known.add(self.weights)

            def close(self) -> None:
                self.weights = None
                return_freed_memory()

        def step(weights: Weights | None) -> None:
            raise MemoryError(type(weights).__name__)

        def broken(engine: Thing) -> None:
            assert isinstance(engine, Large)
            try:
                step(engine.weights)
            except MemoryError as error:
                raise EngineError("the step failed") from error

        async with working(Large) as worker:
            for _ in range(MAX_FAILURES_IN_A_ROW):
                with pytest.raises(EngineError) as caught:
                    await worker.run(broken)
                del caught
            await eventually(lambda: len(left) == 2 and worker.state == "ready")
        assert left == [0, 0]

    async def test_memory_of_an_engine_that_failed_is_free_before_the_next_one_is_loaded(
        self,
    ) -> None:
        cleanups: list[None] = []
        at_load: list[int] = []

        def load() -> Thing:
            at_load.append(len(cleanups))
            return Thing()

        # Without a failure, the memory would be kept for an hour.
        policy = IdlePolicy(lambda: cleanups.append(None), clean_up_after_s=3600.0)
        async with working(load, idle_policy=policy) as worker:
            await fail_until_reloaded(worker, at_load, broken_device)
        assert at_load == [0, 1]

    async def test_kept_error_gathers_nothing_of_those_who_are_told(self) -> None:
        def load() -> Thing:
            raise ModelNotFound("no such model; look elsewhere")

        async with working(load) as worker:
            for _ in range(3):
                with pytest.raises(ModelNotFound, match="look elsewhere"):
                    await worker.run(lambda _: None)
            assert worker.error is not None
            assert worker.error.__traceback__ is None

    async def test_engine_that_cannot_be_closed_is_replaced_too(self) -> None:
        class Lost(Thing):
            def close(self) -> None:
                if not loads.engines[1:]:
                    raise RuntimeError("the device is lost")

        loads = Loads(Lost)
        async with working(loads) as worker:
            await fail_until_reloaded(worker, loads.engines, broken_device)
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
            with closing(worker.stream(lambda _: iter("x"), admitted=True)) as items:
                going_on = asyncio.ensure_future(anext(items))
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
            monkeypatch.setattr(worker._lifecycle._failures, "_retry_at", 0.0)
            assert await worker.run(lambda _: 5) == 5
            assert worker.state == "ready"

    async def test_unexpected_load_failure(self) -> None:
        def load() -> Thing:
            raise ValueError("weights of another model")

        async with working(load) as worker:
            with pytest.raises(EngineError, match="weights of another model"):
                await worker.run(lambda _: None)

    async def test_too_little_memory_is_told_with_what_takes_less(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def greedy(_: Thing) -> None:
            raise EngineError("The voice failed on a sentence.") from MemoryError()

        async with working(memory_advice="choose a lighter thing") as worker:
            with pytest.raises(OutOfMemory, match="for thing; choose a lighter thing, or give"):
                await worker.run(greedy)
            assert await worker.run(lambda _: 5) == 5
        # What it came from stays in the log.
        assert "MemoryError" in caplog.text

    async def test_too_little_memory_for_the_smallest(self) -> None:
        def load() -> Thing:
            raise ModelCorrupt("cannot be read (std::bad_alloc); fetch it again")

        async with working(load) as worker:
            with pytest.raises(OutOfMemory, match="memory for thing; give it more memory"):
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
