"""A queue and the jobs that were put into it."""

from __future__ import annotations

from wyoming_voice_stack.engine.queue import Capacity, Job, JobQueue, Priority
from wyoming_voice_stack.engine.queueing.fair_order import Flow
from wyoming_voice_stack.engine.queueing.job import JobCost

FINAL, SPECULATIVE, PARTIAL = Priority.FINAL, Priority.SPECULATIVE, Priority.PARTIAL


class Line:
    """A queue, and the jobs that were put into it."""

    def __init__(
        self, lanes: int = 1, batch: int = 1, express: int = 0, max_queued: int = 1000
    ) -> None:
        self.queue = JobQueue("thing", max_queued)
        self.capacity = Capacity(lanes, batch, express)

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

    def put_costing(
        self,
        cost_s: float,
        flow: Flow | None = None,
        priority: Priority = FINAL,
        *,
        admitted: bool = False,
        batch_key: object = None,
    ) -> Job:
        return self.put(priority, batch_key, admitted=admitted, cost_s=cost_s, flow=flow)

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
