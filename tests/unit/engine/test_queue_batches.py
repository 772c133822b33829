"""Which jobs run together, and how many wait."""

from __future__ import annotations

import random

import pytest

from tests.support.queue_line import FINAL, PARTIAL, SPECULATIVE, Line
from wyoming_voice_stack.engine.queue import Priority
from wyoming_voice_stack.errors import Busy


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

    def test_of_speculative_take_all_lanes(self) -> None:
        line = Line(lanes=2, batch=2)
        for _ in range(5):
            line.put(SPECULATIVE, batch_key="a")
        assert [len(line.take()) for _ in range(3)] == [2, 2, 0]

    def test_one_final_makes_it_urgent(self) -> None:
        line = Line(batch=2)
        speculative = [line.put(SPECULATIVE, batch_key="a") for _ in range(2)]
        running = line.take()
        line.put(FINAL)
        assert line.queue.should_yield(running)
        line.queue.promote(speculative[1])
        assert not line.queue.should_yield(running)


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
