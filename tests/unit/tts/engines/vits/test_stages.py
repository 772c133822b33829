from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from tests.support.fakes import WAIT_SECONDS
from wyoming_voice_stack.tts.engines.vits.receptive_field import ReceptiveField
from wyoming_voice_stack.tts.engines.vits.stages import (
    MAX_POSITIONS,
    NEGLIGIBLE_CONTEXT,
    divide_window,
)
from wyoming_voice_stack.tts.engines.vits.windows import Window
from wyoming_voice_stack.tts.engines.vits.worker_threads import worker_threads


def single(count: int) -> list[Window]:
    return [Window(number, number + 1) for number in range(count)]


class TestShares:
    @pytest.mark.parametrize(
        ("length", "threads", "ends"),
        [
            (100, 1, [100]),
            (100, 2, [50, 100]),
            (101, 3, [33, 67, 101]),
            # The context is 16: a window is longer.
            (51, 9, [17, 34, 51]),
            (50, 9, [25, 50]),
            (33, 2, [33]),
            (0, 2, [0]),
        ],
    )
    def test_windows_are_equal_and_not_too_short(
        self, length: int, threads: int, ends: list[int]
    ) -> None:
        found = divide_window(Window(7, 7 + length), ReceptiveField(8, 8, 1), threads)
        assert [each.stop - 7 for each in found] == ends
        assert [each.start - 7 for each in found] == [0, *ends[:-1]]

    @pytest.mark.parametrize(
        ("field", "longest"),
        [
            # The limit is in positions of the result, whatever the hop.
            (ReceptiveField(0, 0, 1), MAX_POSITIONS),
            (ReceptiveField(1, 0, 8), MAX_POSITIONS // 8),
            (ReceptiveField(0, 0, 2 * MAX_POSITIONS), 1),
            # Longer, where context is not negligible.
            (ReceptiveField(60, 60, 1), NEGLIGIBLE_CONTEXT * 120),
            (ReceptiveField(13, 13, 4), NEGLIGIBLE_CONTEXT * 26),
        ],
    )
    def test_a_long_window_is_divided_further(self, field: ReceptiveField, longest: int) -> None:
        for length, count in ((longest, 1), (longest + 1, 2), (5 * longest, 5)):
            found = divide_window(Window(3, 3 + length), field, 1)
            assert len(found) == count
            assert max(each.stop - each.start for each in found) <= longest

    def test_each_thread_gets_the_same_number(self) -> None:
        found = divide_window(Window(0, 5 * MAX_POSITIONS), ReceptiveField(0, 0, 1), 2)
        assert len(found) == 6
        assert [each.start for each in found[1:]] == [each.stop for each in found[:-1]]


class TestHelpers:
    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_results_are_in_order(self, count: int) -> None:
        with worker_threads(count) as workers:
            made = list(workers.map(lambda window: np.array([window.start]), single(50)))
        assert [each.item() for each in made] == list(range(50))

    def test_the_first_result_may_be_the_last_to_finish(self) -> None:
        others_done = threading.Event()

        def work(window: Window) -> np.ndarray:
            if window.start == 0:
                assert others_done.wait(WAIT_SECONDS)
            if window.start == 5:
                others_done.set()
            return np.array([window.start])

        with worker_threads(1) as workers:
            made = [each.item() for each in workers.map(work, single(6))]
        assert made == list(range(6))

    def test_windows_are_computed_in_parallel(self) -> None:
        together = threading.Barrier(3)

        def work(window: Window) -> np.ndarray:
            together.wait(timeout=WAIT_SECONDS)
            return np.array([window.start])

        with worker_threads(2) as workers:
            assert len(list(workers.map(work, single(6)))) == 6

    @pytest.mark.parametrize("who", ["caller", "helper"])
    def test_after_an_error_no_window_is_started(self, who: str) -> None:
        caller = threading.get_ident()
        both_at_work = threading.Barrier(2)
        failed = threading.Event()
        begun = []

        def work(window: Window) -> np.ndarray:
            begun.append(window)
            both_at_work.wait(timeout=WAIT_SECONDS)
            if (threading.get_ident() == caller) == (who == "caller"):
                failed.set()
                raise RuntimeError("out of order")
            assert failed.wait(WAIT_SECONDS)
            return np.array([window.start])

        with pytest.raises(RuntimeError, match="out of order"), worker_threads(1) as workers:
            workers.map(work, single(40))
        # The other thread may have taken its next window before the first one failed.
        assert len(begun) <= 3

    @pytest.mark.parametrize(("windows", "asked"), [(1, 0), (3, 2), (50, 5)])
    def test_no_more_threads_than_windows_are_started(
        self, windows: int, asked: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tasks: list[object] = []
        submit = ThreadPoolExecutor.submit

        def counted(pool: ThreadPoolExecutor, task: Callable[[], object]) -> Future[object]:
            tasks.append(task)
            return submit(pool, task)

        monkeypatch.setattr(ThreadPoolExecutor, "submit", counted)
        with worker_threads(5) as workers:
            workers.map(lambda window: np.array([window.start]), single(windows))
        assert len(tasks) == asked
