"""Jobs that change or leave their place in the queue: promoted, put back, or asked to yield."""

from __future__ import annotations

import threading

import pytest

from tests.support.fakes import WAIT_SECONDS
from wyoming_voice_stack.engine.queue import Capacity, Job, JobQueue, Priority
from wyoming_voice_stack.errors import Abandoned, ShuttingDown, VoiceStackError


def put(queue: JobQueue, priority: Priority, failures: list[VoiceStackError] | None = None) -> Job:
    job = Job(
        priority,
        queue.next_number(),
        run=lambda *_: None,
        fail=(failures if failures is not None else []).append,
    )
    queue.put(job)
    return job


def take(queue: JobQueue, timeout_s: float = 0.0) -> list[Job]:
    return queue.take(Capacity, timeout_s) or []


def test_a_promoted_job_passes_those_before_it() -> None:
    queue = JobQueue("thing", 10)
    jobs = [put(queue, Priority.SPECULATIVE) for _ in range(4)]
    queue.promote(jobs[3])
    assert take(queue) == [jobs[3]]


@pytest.mark.parametrize(
    ("running", "waiting", "expected"),
    [
        (Priority.SPECULATIVE, Priority.FINAL, True),
        (Priority.PARTIAL, Priority.FINAL, True),
        (Priority.SPECULATIVE, Priority.SPECULATIVE, False),
        (Priority.SPECULATIVE, None, False),
        (Priority.FINAL, Priority.FINAL, False),
        (Priority.FINAL, None, False),
    ],
)
def test_speculative_jobs_yield_to_a_final_one(
    running: Priority, waiting: Priority | None, expected: bool
) -> None:
    queue = JobQueue("thing", 10)
    put(queue, running)
    batch = take(queue)
    if waiting is not None:
        put(queue, waiting)
    assert queue.should_yield(batch) is expected


class TestPutBack:
    def test_keeps_its_place(self) -> None:
        queue = JobQueue("thing", 10)
        first, second = (put(queue, Priority.SPECULATIVE) for _ in range(2))
        batch = take(queue)
        first.started.set()
        queue.put_back(first)
        queue.finish(batch)
        assert not first.started.is_set()
        assert take(queue) == [first]
        assert second in queue._waiting

    def test_wakes_a_thread_that_waits(self) -> None:
        queue = JobQueue("thing", 10)
        job = put(queue, Priority.FINAL)
        batch = take(queue)
        queue.finish(batch)
        taken: list[list[Job]] = []
        thread = threading.Thread(target=lambda: taken.append(take(queue, WAIT_SECONDS)))
        thread.start()
        while not queue._changed._waiters:  # type: ignore[attr-defined]
            threading.Event().wait(0.001)
        queue.put_back(job)
        # Without the notification, the thread wakes up only after its own time.
        thread.join(WAIT_SECONDS / 2)
        assert taken == [[job]]

    def test_one_that_is_cancelled_ends(self) -> None:
        queue = JobQueue("thing", 10)
        failures: list[VoiceStackError] = []
        job = put(queue, Priority.FINAL, failures)
        take(queue)
        queue.cancel(job)
        queue.put_back(job)
        assert [type(failure) for failure in failures] == [Abandoned]
        assert not len(queue)

    def test_not_while_the_server_stops(self) -> None:
        queue = JobQueue("thing", 10)
        failures: list[VoiceStackError] = []
        job = put(queue, Priority.FINAL, failures)
        take(queue)
        queue.close()
        queue.put_back(job)
        assert [type(failure) for failure in failures] == [ShuttingDown]
        assert not len(queue)
