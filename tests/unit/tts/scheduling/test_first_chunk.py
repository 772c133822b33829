"""The length of a reply's first chunk, where it follows from the formula and not from a simulation."""

from __future__ import annotations

import math

import pytest

from wyoming_voice_stack.tts.scheduling.chunk_sizer import (
    INITIAL_SPEED,
    LONGEST_WHEN_CROWDED_S,
    MARGIN,
    OVERHEAD_S,
    SHORTEST_CHUNK_S,
    WITHHELD_S,
    ChunkSizer,
)

NO_AUDIO = -math.inf


def measured(speed: float) -> ChunkSizer:
    sizer = ChunkSizer()
    for _ in range(200):
        sizer.record_chunk(1.0, (1.0 + OVERHEAD_S) / speed)
    return sizer


def test_lasts_for_one_chunk_of_each_reply_that_has_started() -> None:
    expected_s = MARGIN * 2 * (SHORTEST_CHUNK_S + OVERHEAD_S) / 20.0 + WITHHELD_S
    crowd_s = MARGIN * 7 * (SHORTEST_CHUNK_S + OVERHEAD_S) / 20.0 + WITHHELD_S
    sizer = measured(20.0)
    assert sizer.first_chunk_s((3.0,)) == pytest.approx(max(expected_s, SHORTEST_CHUNK_S))
    assert sizer.first_chunk_s((3.0,) * 6) == pytest.approx(crowd_s)


def test_is_long_enough_for_the_overhead_of_all_replies() -> None:
    # Two replies leave a machine of this speed half a second in each second.
    assert measured(2.5).first_chunk_s((3.0,)) == pytest.approx(MARGIN * 2 * OVERHEAD_S / 0.5)


def test_has_a_bound_where_first_chunks_alone_take_all_the_time() -> None:
    unstarted = INITIAL_SPEED / MARGIN
    assert unstarted == 4.0
    assert ChunkSizer().first_chunk_s((NO_AUDIO,) * 4) == LONGEST_WHEN_CROWDED_S
    assert ChunkSizer().first_chunk_s((NO_AUDIO,) * 5) == LONGEST_WHEN_CROWDED_S


def test_has_a_bound_where_the_overhead_alone_takes_all_the_time() -> None:
    replies = int(INITIAL_SPEED)
    assert ChunkSizer().first_chunk_s((3.0,) * (replies - 1)) == LONGEST_WHEN_CROWDED_S
    assert ChunkSizer().first_chunk_s((3.0,) * replies) == LONGEST_WHEN_CROWDED_S
