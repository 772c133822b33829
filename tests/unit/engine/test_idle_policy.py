"""What happens when nothing is left to do: cleanups up, and giving the engine's memory back."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from tests.support.fakes import WAIT_SECONDS, eventually
from tests.support.jobs import Gate, Hall, begun, lanes, occupied, working
from wyoming_voice_stack.engine import idle_policy as idle_policy_module
from wyoming_voice_stack.engine.idle_policy import IdlePolicy


class Cleanups:
    """Counts how often it was called, and in which thread."""

    def __init__(self) -> None:
        self.threads: list[str] = []

    def __call__(self) -> None:
        self.threads.append(threading.current_thread().name)


class TestCleanup:
    @pytest.fixture
    def cleanups(self) -> Cleanups:
        return Cleanups()

    async def test_in_the_engines_thread_when_nothing_is_left(self, cleanups: Cleanups) -> None:
        async with working(idle_policy=IdlePolicy(cleanups), load_now=False) as worker:
            assert cleanups.threads == []
            await worker.run(lambda _: None)
            await eventually(lambda: cleanups.threads == ["engine-thing-0"])

    async def test_not_before_all_is_done(
        self, cleanups: Cleanups, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(idle_policy_module, "CLEANUP_INTERVAL_SECONDS", 3600.0)
        async with working(idle_policy=IdlePolicy(cleanups)) as worker:
            second = Gate()
            async with occupied(worker):
                going_on = asyncio.create_task(worker.run(second))
                await eventually(lambda: len(worker._queue) == 1)
            await begun(second)
            assert cleanups.threads == []
            second.go.set()
            await going_on
            await eventually(lambda: len(cleanups.threads) == 1)

    async def test_not_while_another_lane_works(
        self, cleanups: Cleanups, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(idle_policy_module, "CLEANUP_INTERVAL_SECONDS", 0.0)
        async with working(Hall, idle_policy=IdlePolicy(cleanups), **lanes(2)) as worker:
            async with occupied(worker):
                for _ in range(3):
                    await worker.run(lambda _: None)
                await eventually(lambda: len(worker._queue._running) == 1)
                assert cleanups.threads == []
            await eventually(lambda: len(cleanups.threads) > 0)

    async def test_not_too_often(self, cleanups: Cleanups, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(idle_policy_module, "CLEANUP_INTERVAL_SECONDS", 3600.0)
        async with working(idle_policy=IdlePolicy(cleanups)) as worker:
            for _ in range(5):
                await worker.run(lambda _: None)
                await eventually(lambda: worker._queue.idle)
            await eventually(lambda: len(cleanups.threads) > 0)
        assert len(cleanups.threads) == 1

    async def test_at_once_when_somebody_has_got_his_result(
        self, cleanups: Cleanups, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(idle_policy_module, "CLEANUP_INTERVAL_SECONDS", 3600.0)
        async with working(Hall, idle_policy=IdlePolicy(cleanups), **lanes(2)) as worker:
            for count in range(1, 4):
                await worker.run(lambda _: None)
                worker.request_cleanup()
                await eventually(lambda count=count: len(cleanups.threads) == count)  # type: ignore[misc]
            # Nothing was done since, and what is done next is another matter.
            worker.request_cleanup()
            await eventually(lambda: not (worker._queue._woken or worker._idle_policy._requested))
            await worker.run(lambda _: None)
            await eventually(lambda: worker._queue.idle)
        assert len(cleanups.threads) == 3

    async def test_not_before_it_was_quiet_for_a_while(
        self, cleanups: Cleanups, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: now)
        policy = IdlePolicy(cleanups, clean_up_after_s=30.0)
        policy.note_activity(needs_cleanup=True)
        policy.clean_up_if_due()
        now = 1020.0
        policy.note_activity(needs_cleanup=True)
        now = 1041.0
        assert policy.next_check_s(loaded=True) == pytest.approx(9.0)
        policy.clean_up_if_due()
        assert cleanups.threads == []
        now = 1049.5
        # Checking in a loop would take the processor from another lane that works.
        assert policy.next_check_s(loaded=True) == idle_policy_module.CLEANUP_INTERVAL_SECONDS
        now = 1050.0
        policy.clean_up_if_due()
        policy.clean_up_if_due()
        assert len(cleanups.threads) == 1
        assert policy.next_check_s(loaded=True) is None

    async def test_soon_does_not_wait_for_quiet(self, cleanups: Cleanups) -> None:
        async with working(idle_policy=IdlePolicy(cleanups, clean_up_after_s=3600.0)) as worker:
            await worker.run(lambda _: None)
            await eventually(lambda: worker._queue.idle)
            worker.request_cleanup()
            await eventually(lambda: len(cleanups.threads) == 1)

    async def test_in_an_idle_thread_once_it_is_quiet(
        self, cleanups: Cleanups, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(idle_policy_module, "CLEANUP_INTERVAL_SECONDS", 0.0)
        async with working(idle_policy=IdlePolicy(cleanups, clean_up_after_s=0.05)) as worker:
            await worker.run(lambda _: None)
            await eventually(lambda: len(cleanups.threads) == 1)

    async def test_soon_is_not_while_somebody_works(self, cleanups: Cleanups) -> None:
        async with working(Hall, idle_policy=IdlePolicy(cleanups), **lanes(2)) as worker:
            async with occupied(worker):
                await worker.run(lambda _: None)
                worker.request_cleanup()
                await eventually(lambda: not worker._queue._woken)
                await eventually(lambda: len(worker._queue._running) == 1)
                assert cleanups.threads == []
            await eventually(lambda: len(cleanups.threads) == 1)

    async def test_again_after_a_while(
        self, cleanups: Cleanups, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(idle_policy_module, "CLEANUP_INTERVAL_SECONDS", 0.0)
        async with working(idle_policy=IdlePolicy(cleanups)) as worker:
            for count in range(1, 4):
                await worker.run(lambda _: None)
                await eventually(lambda count=count: len(cleanups.threads) == count)  # type: ignore[misc]


class Garage:
    """Loads a hall, tells which ones were closed, and counts."""

    def __init__(self) -> None:
        self.loaded: list[Hall] = []

    def __call__(self) -> Hall:
        self.loaded.append(Hall())
        return self.loaded[-1]

    @property
    def closed(self) -> list[bool]:
        return [hall.closed for hall in self.loaded]


class TestUnload:
    async def test_gives_the_memory_back_and_loads_again(self) -> None:
        garage = Garage()
        async with working(garage, idle_policy=IdlePolicy(unload_after_s=0.0)) as worker:
            await eventually(lambda: worker.state == "unloaded")
            assert garage.closed == [True]
            assert worker.engine is None
            assert await worker.run(lambda hall: hall) is garage.loaded[1]
            await eventually(lambda: garage.closed == [True, True])

    async def test_tidies_up_once_the_engine_is_gone(self) -> None:
        garage, cleanups = Garage(), Cleanups()
        async with working(garage, idle_policy=IdlePolicy(cleanups, unload_after_s=0.0)) as worker:
            await eventually(lambda: worker.state == "unloaded")
            await eventually(lambda: len(cleanups.threads) == 1)

    async def test_not_before_its_time(self) -> None:
        garage = Garage()
        async with working(garage, idle_policy=IdlePolicy(unload_after_s=3600.0)) as worker:
            for _ in range(3):
                await worker.run(lambda _: None)
            await eventually(lambda: worker._queue.idle)
            assert worker.state == "ready"
        assert len(garage.loaded) == 1

    async def test_time_counts_from_the_end_of_the_last_job(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: now)
        policy = IdlePolicy(unload_after_s=10.0)
        now = 1009.0
        policy.note_activity(needs_cleanup=True)
        now = 1018.0
        assert policy.next_check_s(loaded=True) == pytest.approx(1.0)
        now = 1018.9
        assert not policy.unload_due
        # Checking in a loop would take the processor from another lane that works.
        assert policy.next_check_s(loaded=True) == idle_policy_module.RECHECK_SECONDS
        now = 1019.0
        assert policy.unload_due

    async def test_never_while_a_lane_works(self) -> None:
        garage = Garage()
        async with working(
            garage, idle_policy=IdlePolicy(unload_after_s=0.0), **lanes(2)
        ) as worker:
            async with occupied(worker):
                hall = garage.loaded[-1]
                for _ in range(3):
                    await worker.run(lambda _: None)
                assert not hall.closed
            await eventually(lambda: hall.closed)

    async def test_memory_goes_with_the_engine_and_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(idle_policy_module, "RECHECK_SECONDS", 0.0)
        cleanups, garage = Cleanups(), Garage()
        policy = IdlePolicy(cleanups, unload_after_s=0.0, clean_up_after_s=3600.0)
        async with working(garage, idle_policy=policy, load_now=False) as worker:
            await worker.run(lambda _: None)
            await eventually(lambda: worker.state == "unloaded")
            await eventually(lambda: len(cleanups.threads) == 1)
            assert garage.closed == [True]
            assert policy.next_check_s(loaded=False) is None

    async def test_stays_loaded_unless_asked(self) -> None:
        garage = Garage()
        async with working(garage) as worker:
            await worker.run(lambda _: None)
            await eventually(lambda: worker._queue.idle)
            assert worker.state == "ready"
        assert garage.closed == [True]

    async def test_a_failed_load_is_tried_again_in_its_own_time(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        attempts = threading.Semaphore(0)

        def fail() -> Hall:
            attempts.release()
            raise OSError("no such device")

        async with working(fail, idle_policy=IdlePolicy(unload_after_s=0.0)) as worker:
            assert await asyncio.to_thread(attempts.acquire, timeout=WAIT_SECONDS)
            await eventually(lambda: worker.state == "failed")
            assert not attempts.acquire(blocking=False)
