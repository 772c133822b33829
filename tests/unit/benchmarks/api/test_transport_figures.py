from __future__ import annotations

from benchmarks.api.api_requests import Timing, wav_file
from benchmarks.api.transport_figures import transport_rows
from tests.support.speech import silence


def timings(*seconds: float) -> list[Timing]:
    return [Timing(each, 2 * each) for each in seconds]


def test_rows_are_milliseconds_and_the_difference_to_the_first() -> None:
    measured = {"Wyoming": timings(0.1, 0.2, 0.3), "API": timings(0.11, 0.212, 0.31)}
    assert list(transport_rows(measured, "Wyoming")) == [
        ["Wyoming", "3", "0", "200.0", "300.0", "400.0", "600.0", ""],
        ["API", "3", "0", "212.0", "310.0", "424.0", "620.0", "12.0"],
    ]


def test_a_failure_is_counted_and_never_fast() -> None:
    measured = {"Wyoming": timings(0.1), "API": [Timing(failure="no"), *timings(0.1)]}
    *_, row = transport_rows(measured, "Wyoming")
    assert row == ["API", "2", "1", "100.0", "never", "200.0", "never", "0.0"]


def test_a_recording_has_the_header_that_is_left_out() -> None:
    assert len(wav_file(silence(0.1))) == 44 + 3200
