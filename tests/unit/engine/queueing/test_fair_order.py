"""Which of the waiting jobs is next, and how long a new one would wait."""

from __future__ import annotations

import pytest

from tests.support.queue_line import FINAL, SPECULATIVE, Line
from wyoming_voice_stack.engine.queue import MAX_SPECULATIVE, Job, JobQueue, Priority
from wyoming_voice_stack.engine.queueing.fair_order import FairOrder, Flow
from wyoming_voice_stack.engine.queueing.job import SHORT_CALL_S, SHORT_JOB_S, JobCost, is_stuck
from wyoming_voice_stack.engine.queueing.pace import MAX_EXPECTED_WAIT_S, Pace
from wyoming_voice_stack.errors import Busy

WINDOW_S = 30.0


class TestOrder:
    def test_two_recordings_take_turns(self) -> None:
        line, one, other = Line(), Flow(), Flow()
        first = [line.put_costing(WINDOW_S, one) for _ in range(3)]
        second = [line.put_costing(WINDOW_S, other) for _ in range(3)]
        alternating = [job for pair in zip(first, second, strict=True) for job in pair]
        assert line.take_all() == alternating

    def test_command_passes_a_recording(self) -> None:
        line, recording = Line(), Flow()
        windows = [line.put_costing(WINDOW_S, recording) for _ in range(5)]
        running = line.take()
        assert running == windows[:1]
        line.queue.finish(running)
        command = line.put_costing(3.0, Flow())
        assert line.take() == [command]

    def test_commands_do_not_stop_a_recording(self) -> None:
        line, recording = Line(), Flow()
        window = line.put_costing(WINDOW_S, recording)
        before: list[Job] = []
        for _ in range(20):
            line.put_costing(3.0, Flow())
            taken = line.take()
            line.queue.finish(taken)
            before += taken
        assert before.index(window) == WINDOW_S / 3 - 1

    def test_cancelled_job_costs_nothing(self) -> None:
        line, mine, other = Line(), Flow(), Flow()
        for _ in range(10):
            line.queue.cancel(line.put_costing(WINDOW_S, mine))
        theirs, job = line.put_costing(WINDOW_S, other), line.put_costing(5.0, mine)
        assert line.take_all() == [job, theirs]

    def test_refused_job_costs_nothing(self) -> None:
        flow = Flow()
        queue = JobQueue("thing", 0)
        job = Job(FINAL, 0, lambda *_: None, lambda _: None, cost=JobCost(5.0), flow=flow)
        with pytest.raises(Busy):
            queue.put(job)
        assert flow.finish_s == 0.0

    def test_late_comer_does_not_catch_up(self) -> None:
        order, flow = FairOrder(), Flow()
        order.note_started(100.0)
        order.note_started(50.0)
        assert order.place(flow, 3.0) == 103.0
        assert order.place(flow, 3.0) == 106.0
        assert order.place(None, 3.0) == 103.0

    def test_batch_has_the_next_jobs_in_order(self) -> None:
        line, one, other = Line(batch=3), Flow(), Flow()
        first = [line.put_costing(WINDOW_S, one, batch_key="k") for _ in range(3)]
        [second] = [line.put_costing(WINDOW_S, other, batch_key="k")]
        assert line.take() == [first[0], second, first[1]]


class TestExpress:
    def test_short_job_runs_beside_a_long_one(self) -> None:
        line = Line(express=1)
        window, _ = line.put_costing(WINDOW_S), line.put_costing(WINDOW_S)
        assert line.take() == [window]
        command = line.put_costing(SHORT_JOB_S)
        assert line.take() == [command]
        line.put_costing(3.0)
        assert line.take() == []

    def test_not_beside_a_short_one(self) -> None:
        line = Line(express=1)
        line.put_costing(SHORT_JOB_S), line.put_costing(3.0)
        line.take()
        assert line.take() == []

    def test_not_while_a_lane_runs_a_short_one(self) -> None:
        line = Line(lanes=2, express=1)
        window = line.put_costing(WINDOW_S)
        assert line.take() == [window]
        command = line.put_costing(3.0)
        assert line.take() == [command]
        line.put_costing(4.0)
        assert line.take() == []

    def test_not_by_an_engine_without_express_calls(self) -> None:
        line = Line(express=0)
        line.put_costing(WINDOW_S)
        line.take()
        line.put_costing(3.0)
        assert line.take() == []

    def test_shortest_job_runs_first(self) -> None:
        line = Line(express=1)
        window, _ = line.put_costing(WINDOW_S), line.put_costing(WINDOW_S)
        assert line.take() == [window]
        line.put_costing(SHORT_JOB_S)
        command = line.put_costing(3.0)
        assert line.take() == [command]

    @pytest.mark.parametrize(
        ("cost_s", "priority"), [(SHORT_JOB_S + 0.1, FINAL), (3.0, Priority.PARTIAL)]
    )
    def test_not_for_others(self, cost_s: float, priority: Priority) -> None:
        line = Line(express=1)
        line.put_costing(WINDOW_S)
        line.take()
        line.put_costing(cost_s, priority=priority)
        assert line.take() == []

    def test_beside_a_batch_that_takes_as_long(self) -> None:
        line = Line(batch=4, express=1)
        for _ in range(4):
            line.put_costing(SHORT_CALL_S / 4 + 0.1, batch_key="k")
        assert len(line.take()) == 4
        command = line.put_costing(3.0)
        assert line.take() == [command]

    def test_not_beside_a_batch_of_short_jobs(self) -> None:
        line = Line(batch=4, express=1)
        for _ in range(4):
            line.put_costing(SHORT_CALL_S / 4, batch_key="k")
        assert len(line.take()) == 4
        line.put_costing(3.0)
        assert line.take() == []

    def test_speculative_job_runs_beside_a_recording(self) -> None:
        line, recording = Line(express=1), Flow()
        window = line.put_costing(WINDOW_S, recording)
        line.put_costing(WINDOW_S, recording)
        assert not line.queue.can_accept(SPECULATIVE)
        assert line.take() == [window]
        assert line.queue.can_accept(SPECULATIVE)
        early = line.put_costing(3.0, priority=SPECULATIVE)
        running = line.take()
        assert running == [early]
        # The next window of the recording has no use for its place, but a command has.
        assert not line.queue.should_yield(running)
        line.put_costing(SHORT_JOB_S)
        assert line.queue.should_yield(running)
        assert not line.queue.can_accept(SPECULATIVE)

    def test_speculative_job_yields_to_a_recording_that_has_no_call(self) -> None:
        line, recording = Line(express=1), Flow()
        for _ in range(2):
            line.put_costing(WINDOW_S, recording)
        window = line.take()
        line.put_costing(3.0, priority=SPECULATIVE)
        running = line.take()
        assert not line.queue.should_yield(running)
        line.queue.finish(window)
        assert line.queue.should_yield(running)

    def test_long_speculative_job_yields_its_lane(self) -> None:
        line = Line(express=1)
        line.put_costing(WINDOW_S, priority=SPECULATIVE)
        window = line.take()
        line.put_costing(3.0, priority=SPECULATIVE)
        express = line.take()
        line.put_costing(WINDOW_S)
        assert line.queue.should_yield(window)
        assert not line.queue.should_yield(express)

    def test_final_job_goes_before_a_speculative_one(self) -> None:
        line = Line(express=1)
        line.put_costing(WINDOW_S)
        line.take()
        line.put_costing(3.0, priority=SPECULATIVE)
        command = line.put_costing(SHORT_JOB_S)
        assert line.take() == [command]

    def test_lane_waits_until_the_express_call_ends(self) -> None:
        line = Line(express=1)
        line.put_costing(WINDOW_S)
        later = line.put_costing(WINDOW_S)
        window = line.take()
        line.put_costing(3.0)
        command = line.take()
        line.queue.finish(window)
        assert line.take() == []
        line.queue.finish(command)
        assert line.take() == [later]


class TestExpectedWait:
    def test_first_call_sets_the_pace(self) -> None:
        pace = Pace()
        assert pace.expected_wait_s(100.0, 1) == 0.0
        pace.note_call(0.0, 9.0)
        assert pace.expected_wait_s(100.0, 1) == 0.0
        pace.note_call(10.0, 5.0)
        assert pace.expected_wait_s(100.0, 1) == 50.0
        assert pace.expected_wait_s(100.0, 2) == 25.0

    def test_later_calls_move_it(self) -> None:
        pace = Pace()
        pace.note_call(0.5, 0.5)
        assert pace.expected_wait_s(1.0, 1) == 1.0
        pace.note_call(10.0, 30.0)
        assert pace.expected_wait_s(1.0, 1) == pytest.approx(1.4)

    def test_refuses_who_would_wait_too_long(self) -> None:
        line = Line()
        line.queue.note_call([line.put_costing(10.0)], 10.0)
        for _ in range(10):
            line.put_costing(10.0)
        with pytest.raises(Busy, match=r"thing is busy: the request would wait about 110 s; try"):
            line.put_costing(10.0)
        assert len(line.queue) == 11
        # These go before the others, or continue a request, or can be done without.
        assert MAX_EXPECTED_WAIT_S == 100.0
        line.put_costing(9.0)
        line.put_costing(10.0, admitted=True)
        line.put_costing(10.0, priority=SPECULATIVE)

    def test_refused_because_of_the_wait_costs_nothing(self) -> None:
        line, flow = Line(), Flow()
        line.queue.note_call([line.put_costing(10.0)], MAX_EXPECTED_WAIT_S + 1.0)
        with pytest.raises(Busy, match="would wait about"):
            line.put_costing(10.0, flow)
        assert flow.finish_s == 0.0

    def test_64_commands_at_once_wait_beside_a_recording(self) -> None:
        line = Line(lanes=2)
        line.queue.note_call([line.put_costing(3.0)], 1.0)
        line.take_all()
        recording = Flow()
        for _ in range(3):
            line.put_costing(WINDOW_S, recording)
        commands = [line.put_costing(3.0, Flow()) for _ in range(64)]
        assert set(line.take_all()[:64]) == set(commands)

    def test_a_command_waits_for_one_window_of_a_recording_at_most(self) -> None:
        line, recording = Line(), Flow()
        windows = [line.put_costing(WINDOW_S, recording) for _ in range(20)]
        for number in range(5):
            # It comes while a window is computed, which is not interrupted.
            running = line.take()
            command = line.put_costing(3.0, Flow())
            line.queue.finish(running)
            assert running == [windows[number]]
            batch = line.take()
            assert batch == [command]
            line.queue.finish(batch)

    def test_lanes_share_the_wait(self) -> None:
        line = Line(lanes=2)
        first = line.put_costing(10.0)
        line.queue.note_call(line.take(), 10.0)
        for _ in range(21):
            line.put_costing(10.0)
        with pytest.raises(Busy):
            line.put_costing(10.0)
        assert first.cost.seconds == 10.0

    def test_speculation_ends_when_many_wait(self) -> None:
        line = Line()
        for _ in range(MAX_SPECULATIVE):
            assert line.queue.can_accept(SPECULATIVE)
            line.put_costing(1.0, priority=SPECULATIVE)
        assert not line.queue.can_accept(SPECULATIVE)


class TestStuck:
    @pytest.mark.parametrize(
        ("began", "limits", "stuck"),
        [
            ([None, None], [1.0, 2.0], False),
            ([7.0, None], [1.0, 2.0], False),
            ([6.9, None], [1.0, 2.0], True),
            ([None, 6.9], [1.0, 2.0], True),
            ([0.0, None], [1.0, None], False),
        ],
    )
    def test_limits_of_a_batch_add_up(
        self, began: list[float | None], limits: list[float | None], stuck: bool
    ) -> None:
        batch = [
            Job(FINAL, 0, lambda *_: None, lambda _: None, cost=JobCost(limit_s=limit))
            for limit in limits
        ]
        for job, since in zip(batch, began, strict=True):
            job.busy_since = since
        assert is_stuck(batch, now=10.0) is stuck
