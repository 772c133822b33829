from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.support.queue_line import FINAL, PARTIAL, SPECULATIVE, Line
from wyoming_voice_stack.engine.queue import Capacity, Job, JobQueue, Priority
from wyoming_voice_stack.engine.status import Workload
from wyoming_voice_stack.errors import Abandoned, ShuttingDown


class TestOrder:
    def test_finals_before_speculative_before_partials(self) -> None:
        line = Line()
        partial, speculative, final = (
            line.put(priority) for priority in (PARTIAL, SPECULATIVE, FINAL)
        )
        assert line.take_all() == [final, speculative, partial]

    @pytest.mark.parametrize("priority", Priority)
    def test_in_order_of_arrival(self, priority: Priority) -> None:
        line = Line()
        jobs = [line.put(priority) for _ in range(20)]
        assert line.take_all() == jobs

    def test_promoted_keeps_its_place_among_finals(self) -> None:
        line = Line()
        early = line.put(SPECULATIVE)
        before = line.put(FINAL)
        between = line.put(PARTIAL)
        after = line.put(FINAL)
        line.queue.promote(between)
        assert line.take_all() == [before, between, after, early]

    def test_order_holds_whatever_is_cancelled_and_promoted(self) -> None:
        chance = random.Random(5)
        line = Line()
        jobs = [line.put(chance.choice(list(Priority))) for _ in range(60)]
        for job in chance.sample(jobs, 20):
            line.queue.promote(job)
        dropped = chance.sample(jobs, 20)
        for job in dropped:
            line.queue.cancel(job)
        kept = [job for job in jobs if job not in dropped]
        assert line.take_all() == sorted(kept, key=lambda job: (job.priority, jobs.index(job)))

    @pytest.mark.parametrize("do", [JobQueue.promote, JobQueue.cancel])
    def test_what_is_over_is_neither_promoted_nor_cancelled(
        self, do: Callable[[JobQueue, Job], None]
    ) -> None:
        line = Line()
        job = line.put(SPECULATIVE)
        line.take_all()
        do(line.queue, job)
        assert line.queue.idle
        assert line.take() == []


def test_the_engine_is_needed_while_a_job_waits_runs_or_is_suspended() -> None:
    line = Line()
    assert not line.queue.needs_engine
    job = line.put(FINAL)
    assert line.queue.needs_engine
    batch = line.take()
    assert line.queue.needs_engine
    line.queue.suspend(job)
    line.queue.finish(batch)
    assert line.queue.needs_engine
    line.queue.resume(job, 0.0)
    assert line.queue.needs_engine
    line.queue.cancel(job)
    assert not line.queue.needs_engine


def test_the_workload_is_what_clients_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("wyoming_voice_stack.engine.queue.time.monotonic", lambda: now[0])
    line = Line()
    assert line.queue.workload() == Workload()
    for priority in (FINAL, FINAL, SPECULATIVE, FINAL):
        line.put(priority)
        now[0] += 1
    line.take()
    now[0] += 5
    # The first final job runs, and the second one was queued at 101.
    assert line.queue.workload() == Workload(running=1, waiting=2, oldest_wait_s=8.0)
    assert Workload(1, 2, 3.0) + Workload(1, 1, 4.0) == Workload(2, 3, 4.0)


class TestLanes:
    def test_one_lane_does_one_thing(self) -> None:
        line = Line()
        first, second = line.put(FINAL), line.put(FINAL)
        batch = line.take()
        assert batch == [first]
        assert line.take() == []
        line.queue.finish(batch)
        assert line.take() == [second]

    def test_one_lane_runs_speculative_jobs_while_no_final_waits(self) -> None:
        line = Line()
        speculative = line.put(SPECULATIVE)
        assert line.take() == [speculative]

    def test_speculative_take_all_lanes_and_yield_to_a_final_one(self) -> None:
        line = Line(lanes=2)
        for _ in range(3):
            line.put(SPECULATIVE)
        running = [line.take(), line.take()]
        assert [len(batch) for batch in running] == [1, 1]
        assert line.take() == []
        assert not any(map(line.queue.should_yield, running))
        final = line.put(FINAL)
        assert all(map(line.queue.should_yield, running))
        line.queue.finish(running[0])
        assert line.take() == [final]

    @pytest.mark.parametrize(("running", "next_one"), [(FINAL, SPECULATIVE), (PARTIAL, FINAL)])
    def test_runs_beside_another(self, running: Priority, next_one: Priority) -> None:
        line = Line(lanes=2)
        line.put(running)
        line.take()
        job = line.put(next_one)
        assert line.take() == [job]

    def test_promoted_while_it_runs_is_not_speculative_any_more(self) -> None:
        line = Line()
        speculative = line.put(SPECULATIVE)
        running = line.take()
        line.queue.promote(speculative)
        line.put(FINAL)
        assert not line.queue.should_yield(running)

    @pytest.mark.parametrize("priority", Priority)
    def test_partial_waits_until_nothing_runs(self, priority: Priority) -> None:
        line = Line(lanes=3)
        line.put(priority)
        running = line.take()
        partial = line.put(PARTIAL)
        assert line.take() == []
        line.queue.finish(running)
        assert line.take() == [partial]

    def test_cancelled_keeps_its_lane_until_it_ends(self) -> None:
        line = Line()
        line.put(FINAL)
        [job] = batch = line.take()
        other = line.put(FINAL)
        line.queue.cancel(job)
        assert job.cancelled.is_set()
        assert line.take() == []
        line.queue.finish(batch)
        assert line.take() == [other]


class TestClose:
    def test_takes_and_gives_nothing_more(self) -> None:
        line = Line()
        waiting = line.put(FINAL)
        assert line.queue.close() == [waiting]
        assert line.queue.closed
        assert line.queue.take(Capacity, None) is None
        with pytest.raises(ShuttingDown):
            line.put(FINAL, admitted=True)

    def test_asks_what_runs_to_stop(self) -> None:
        line = Line(lanes=2)
        started, taken = line.put(FINAL), line.put(FINAL)
        line.take()
        line.take()
        started.started.set()
        waiting = line.put(FINAL)
        # Only `close` can refuse a job that was taken and waits for the engine.
        assert line.queue.close() == [waiting, taken]
        assert started.cancelled.is_set()
        assert taken.cancelled.is_set()

    def test_says_why_there_is_no_result(self) -> None:
        line = Line()
        assert isinstance(line.queue.cancellation_error(), Abandoned)
        line.queue.close()
        assert isinstance(line.queue.cancellation_error(), ShuttingDown)
