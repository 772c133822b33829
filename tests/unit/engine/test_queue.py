from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest

from tests.support.fakes import WAIT_SECONDS
from wyoming_voice_stack.engine.queue import Capacity, Job, JobQueue, Priority
from wyoming_voice_stack.engine.queueing.fair_order import Flow
from wyoming_voice_stack.engine.queueing.job import SHORT_JOB_S, JobCost
from wyoming_voice_stack.engine.status import Workload
from wyoming_voice_stack.errors import Abandoned, Busy, ShuttingDown

FINAL, SPECULATIVE, PARTIAL = Priority.FINAL, Priority.SPECULATIVE, Priority.PARTIAL


class Line:
    """A queue, and the jobs that were put into it."""

    def __init__(self, lanes: int = 1, batch: int = 1, max_queued: int = 100) -> None:
        self.queue = JobQueue("thing", max_queued)
        self.capacity = Capacity(lanes, batch)

    def put(
        self,
        priority: Priority,
        batch_key: object = None,
        *,
        admitted: bool = False,
        due: float = 0.0,
        cost_s: float = 0.0,
        flow: Flow | None = None,
    ) -> Job:
        number = self.queue.next_number()
        job = Job(
            priority,
            number,
            run=lambda *_: None,
            fail=lambda _: None,
            batch_key=batch_key,
            due=due,
            cost=JobCost(cost_s),
            flow=flow,
        )
        self.queue.put(job, admitted=admitted)
        return job

    def take(self) -> list[Job]:
        batch = self.queue.take(lambda: self.capacity, 0.0)
        assert batch is not None
        return batch

    def take_all(self) -> list[Job]:
        """In the order in which one lane does them."""
        done = []
        while batch := self.take():
            done += batch
            self.queue.finish(batch)
        return done


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

    def test_speculative_leaves_one_of_two_lanes_free(self) -> None:
        line = Line(lanes=2)
        speculative, other = line.put(SPECULATIVE), line.put(SPECULATIVE)
        running = line.take()
        assert running == [speculative]
        assert line.take() == []
        final = line.put(FINAL)
        assert line.take() == [final]
        line.queue.finish(running)
        assert line.take() == [other]

    def test_speculative_take_all_lanes_but_one(self) -> None:
        line = Line(lanes=4)
        for _ in range(5):
            line.put(SPECULATIVE)
        assert [len(line.take()) for _ in range(5)] == [1, 1, 1, 0, 0]

    @pytest.mark.parametrize(("running", "next_one"), [(FINAL, SPECULATIVE), (PARTIAL, FINAL)])
    def test_runs_beside_another(self, running: Priority, next_one: Priority) -> None:
        line = Line(lanes=2)
        line.put(running)
        line.take()
        job = line.put(next_one)
        assert line.take() == [job]

    def test_promoted_while_it_runs_is_not_speculative_any_more(self) -> None:
        line = Line(lanes=2)
        speculative, other = line.put(SPECULATIVE), line.put(SPECULATIVE)
        line.take()
        assert line.take() == []
        line.queue.promote(speculative)
        assert line.take() == [other]

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


class TestBatches:
    def test_of_one_kind_up_to_the_capacity(self) -> None:
        line = Line(batch=3)
        jobs = [line.put(FINAL, batch_key="a") for _ in range(4)]
        batch = line.take()
        assert batch == jobs[:3]
        line.queue.finish(batch)
        assert line.take() == jobs[3:]

    def test_others_keep_their_places(self) -> None:
        line = Line(batch=8)
        kinds = ["a", "b", None, "a", "b", None, "a"]
        jobs = [line.put(FINAL, batch_key=kind) for kind in kinds]
        taken = []
        while batch := line.take():
            taken.append([jobs.index(job) for job in batch])
            line.queue.finish(batch)
        assert taken == [[0, 3, 6], [1, 4], [2], [5]]

    def test_speculative_do_not_fill_it_up(self) -> None:
        line = Line(batch=3)
        speculative, first, other, second = (
            line.put(priority, batch_key="a")
            for priority in (SPECULATIVE, FINAL, SPECULATIVE, FINAL)
        )
        batch = line.take()
        assert batch == [first, second]
        line.queue.finish(batch)
        assert line.take() == [speculative, other]

    def test_each_begins_with_the_most_urgent_of_all(self) -> None:
        chance = random.Random(5)
        line = Line(batch=3)
        left = [
            line.put(chance.choice([FINAL, SPECULATIVE]), chance.choice("abc")) for _ in range(60)
        ]
        while batch := line.take():
            assert batch[0] == min(left)
            left = [job for job in left if job not in batch]
            line.queue.finish(batch)
        assert left == []

    def test_takes_one_lane(self) -> None:
        line = Line(lanes=2, batch=4)
        for _ in range(4):
            line.put(FINAL, batch_key="a")
        assert len(line.take()) == 4
        other = line.put(FINAL, batch_key="a")
        assert line.take() == [other]

    def test_of_speculative_leaves_a_lane_free(self) -> None:
        line = Line(lanes=3, batch=2)
        for _ in range(6):
            line.put(SPECULATIVE, batch_key="a")
        assert [len(line.take()) for _ in range(3)] == [2, 2, 0]

    def test_one_final_makes_it_urgent(self) -> None:
        line = Line(lanes=2, batch=2)
        speculative = [line.put(SPECULATIVE, batch_key="a") for _ in range(3)]
        line.take()
        assert line.take() == []
        line.queue.promote(speculative[1])
        assert line.take() == speculative[2:]


class TestBounds:
    def test_full_queue_is_busy(self) -> None:
        line = Line(max_queued=2)
        line.put(FINAL)
        line.put(PARTIAL)
        with pytest.raises(Busy, match="2 requests already wait for thing"):
            line.put(FINAL)
        line.put(FINAL, admitted=True)
        assert len(line.queue) == 3
        line.take()
        line.put(FINAL)

    def test_jobs_that_continue_requests_fill_no_place_of_others(self) -> None:
        line = Line(max_queued=1)
        for _ in range(3):
            line.put(FINAL, admitted=True)
        line.put(FINAL)
        assert line.queue.requests == 1
        with pytest.raises(Busy, match="1 requests already wait"):
            line.put(FINAL)

    def test_of_one_priority_the_job_that_is_due_first_runs_first(self) -> None:
        line = Line()
        late, early, partial = (
            line.put(FINAL, due=9.0),
            line.put(FINAL, due=5.0),
            line.put(PARTIAL, due=1.0),
        )
        assert line.take_all() == [early, late, partial]

    def test_room_for_speculative_is_half_of_the_queue(self) -> None:
        line = Line(max_queued=4)
        room = []
        for _ in range(3):
            room.append(line.queue.can_accept(SPECULATIVE))
            line.put(SPECULATIVE)
        assert room == [True, True, False]

    def test_no_room_for_a_speculative_behind_a_final(self) -> None:
        line = Line()
        final = line.put(FINAL)
        assert not line.queue.can_accept(SPECULATIVE)
        line.queue.cancel(final)
        assert line.queue.can_accept(SPECULATIVE)

    def test_room_for_a_speculative_beside_what_runs(self) -> None:
        line = Line()
        line.put(FINAL)
        line.take()
        assert line.queue.can_accept(SPECULATIVE)

    @pytest.mark.parametrize("priority", Priority)
    def test_room_for_a_partial_while_nothing_is_to_be_done(self, priority: Priority) -> None:
        line = Line()
        assert line.queue.can_accept(PARTIAL)
        line.put(priority)
        assert not line.queue.can_accept(PARTIAL)
        batch = line.take()
        assert not line.queue.can_accept(PARTIAL)
        line.queue.finish(batch)
        assert line.queue.can_accept(PARTIAL)


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


class Taker:
    """A thread that waits for a batch. `looked` says that it has found nothing to do."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.looked = threading.Event()
        self.batch: list[Job] | None = []
        self.thread = threading.Thread(target=self._take)
        self.thread.start()
        assert self.looked.wait(WAIT_SECONDS)

    def _take(self) -> None:
        self.batch = self.line.queue.take(self._capacity, WAIT_SECONDS)

    def _capacity(self) -> Capacity:
        # Asked under the queue's lock, which is given up only by beginning to wait.
        self.looked.set()
        return self.line.capacity

    def result(self) -> list[Job] | None:
        self.thread.join(WAIT_SECONDS / 2)
        assert not self.thread.is_alive()
        return self.batch


class TestWaking:
    def test_by_a_new_job(self) -> None:
        line = Line()
        taker = Taker(line)
        job = line.put(PARTIAL)
        assert taker.result() == [job]

    def test_by_the_end_of_another(self) -> None:
        line = Line()
        line.put(FINAL)
        batch = line.take()
        job = line.put(FINAL)
        taker = Taker(line)
        line.queue.finish(batch)
        assert taker.result() == [job]

    def test_by_a_promotion(self) -> None:
        line = Line(lanes=2)
        line.put(SPECULATIVE)
        line.take()
        job = line.put(SPECULATIVE)
        taker = Taker(line)
        line.queue.promote(job)
        assert taker.result() == [job]

    def test_by_more_capacity(self) -> None:
        line = Line()
        line.put(FINAL)
        line.take()
        job = line.put(FINAL)
        taker = Taker(line)
        line.capacity = Capacity(lanes=2)
        line.queue.capacity_changed()
        assert taker.result() == [job]

    def test_all_threads_by_more_capacity(self) -> None:
        line = Line()
        line.put(FINAL)
        line.take()
        jobs = [line.put(FINAL) for _ in range(2)]
        takers = [Taker(line), Taker(line)]
        line.capacity = Capacity(lanes=3)
        line.queue.capacity_changed()
        assert sorted(job for taker in takers for job in taker.result() or []) == jobs

    def test_all_threads_by_the_end_of_another(self) -> None:
        line = Line()
        line.capacity = Capacity(lanes=1, express=1)
        line.put(FINAL, cost_s=SHORT_JOB_S)
        batch = line.take()
        recording = Flow()
        costs = (SHORT_JOB_S + 1, SHORT_JOB_S)
        jobs = [line.put(FINAL, cost_s=cost_s, flow=recording) for cost_s in costs]
        takers = [Taker(line), Taker(line)]
        line.queue.finish(batch)
        # The short job may start beside the long one, once that has started.
        assert sorted(job for taker in takers for job in taker.result() or []) == jobs

    def test_without_a_job(self) -> None:
        line = Line()
        taker = Taker(line)
        line.queue.wake()
        assert taker.result() == []

    def test_by_the_end(self) -> None:
        line = Line()
        taker = Taker(line)
        line.queue.close()
        assert taker.result() is None
