"""What wakes a thread that waits for a job."""

from __future__ import annotations

import threading

from tests.support.fakes import WAIT_SECONDS
from tests.support.queue_line import FINAL, PARTIAL, SPECULATIVE, Line
from wyoming_voice_stack.engine.queue import Capacity, Job
from wyoming_voice_stack.engine.queueing.fair_order import Flow
from wyoming_voice_stack.engine.queueing.job import SHORT_JOB_S


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

    def test_one_thread_by_one_job(self) -> None:
        """Each thread that wakes takes the interpreter from the event loop."""
        line = Line(lanes=4)
        takers = [Taker(line) for _ in range(4)]
        job = line.put(FINAL)
        asleep = len(line.queue._changed._waiters)  # type: ignore[attr-defined]
        assert asleep == 3
        line.queue.close()
        for taker in takers:
            assert taker.result() in ([job], None)

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
