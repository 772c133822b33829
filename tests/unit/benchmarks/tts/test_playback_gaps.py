"""The gaps that a listener hears."""

from __future__ import annotations

import pytest

from benchmarks.tts.playback_gaps import Arrival, Gaps, gaps


@pytest.mark.parametrize(
    ("pieces", "found"),
    [
        ([], Gaps()),
        ([(5.0, 1.0)], Gaps()),
        ([(0.0, 1.0), (0.0, 1.0), (2.0, 1.0)], Gaps()),
        ([(0.0, 1.0), (1.5, 1.0)], Gaps(1, 0.5, 0.5)),
        ([(0.0, 1.0), (1.5, 1.0), (2.0, 1.0), (3.75, 1.0)], Gaps(2, 0.75, 0.5)),
        # An early chunk compensates for a late one after it, not before it.
        ([(0.0, 1.0), (0.1, 3.0), (3.9, 1.0)], Gaps()),
        ([(0.0, 1.0), (2.0, 9.0), (3.0, 1.0)], Gaps(1, 1.0, 1.0)),
        # Gaps of a few milliseconds are inaudible, but they delay what follows.
        ([(0.0, 1.0), (1.005, 1.0), (2.01, 1.0)], Gaps()),
        ([(0.0, 1.0), (1.005, 1.0), (2.02, 1.0)], Gaps(1, 0.015, 0.015)),
    ],
)
def test_a_player_stops_where_the_next_piece_is_late(
    pieces: list[tuple[float, float]], found: Gaps
) -> None:
    heard = gaps(Arrival(at_s, seconds) for at_s, seconds in pieces)
    assert heard.count == found.count
    assert heard.total_s == pytest.approx(found.total_s)
    assert heard.largest_s == pytest.approx(found.largest_s)
