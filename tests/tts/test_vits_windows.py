from __future__ import annotations

import numpy as np
import pytest

from wyoming_voice_stack.tts.vits.reach import Convolution, NotLocal, Reach, Span, Upsampling
from wyoming_voice_stack.tts.vits.windows import (
    CROWD,
    FIRST_WINDOW_S,
    GROWTH,
    LONGEST_WINDOW_S,
    WHOLE_S,
    Window,
    windows,
)

RATE = 100.0


def lengths(frames: int) -> list[int]:
    return [each.stop - each.start for each in windows(frames, RATE)]


class TestWindows:
    @pytest.mark.parametrize("frames", [1, 119, 121, 130, 500, 4321])
    def test_every_frame_is_in_one(self, frames: int) -> None:
        there = [frame for each in windows(frames, RATE) for frame in range(each.start, each.stop)]
        assert there == list(range(frames))

    def test_what_is_short_is_not_cut(self) -> None:
        assert lengths(round(WHOLE_S * RATE)) == [round(WHOLE_S * RATE)]

    def test_they_begin_small_and_grow_up_to_a_bound(self) -> None:
        first, *others, _ = there = lengths(3000)
        assert first == round(FIRST_WINDOW_S * RATE)
        assert others[:2] == [GROWTH * first, GROWTH**2 * first]
        assert max(there) == round(LONGEST_WINDOW_S * RATE)

    def test_none_is_shorter_than_the_first(self) -> None:
        assert all(
            min(lengths(frames)) >= round(FIRST_WINDOW_S * RATE) for frames in range(130, 900)
        )

    def test_in_a_crowd_the_first_is_longer_and_the_others_shorter(self) -> None:
        crowd = round(3 * CROWD)
        first, *others, _ = [each.stop - each.start for each in windows(3000, RATE, lambda: crowd)]
        share = crowd / CROWD
        assert first == round(share * FIRST_WINDOW_S * RATE)
        assert max(others) == round(LONGEST_WINDOW_S / share * RATE)

    def test_a_crowd_that_goes_is_noticed(self) -> None:
        there = iter((9, 1, 1, 1, 1, 1, 1, 1, 1))
        cuts = list(windows(2000, RATE, lambda: next(there)))
        first, second, third, *_ = [each.stop - each.start for each in cuts]
        assert (second, third) == (
            min(GROWTH * first, round(LONGEST_WINDOW_S * RATE)),
            round(LONGEST_WINDOW_S * RATE),
        )

    def test_frames_around_end_with_the_sentence(self) -> None:
        reach = Reach(left=11, right=7, hop=4)
        assert Window(20, 30).around(reach, 100) == Window(9, 37)
        assert Window(5, 98).around(reach, 100) == Window(0, 100)
        assert Window(20, 30).positions_in(Window(9, 37), 4) == slice(44, 84)


def positions_that_matter(layer: Convolution | Upsampling, wanted: Span, length: int) -> Span:
    """By trying: those of the input that change what is in `wanted` of the output."""
    changed = []
    for position in range(length):
        given = np.zeros(length)
        given[position] = 1.0
        if computed(layer, given)[wanted.first : wanted.last + 1].any():
            changed.append(position)
    return Span(changed[0], changed[-1])


def computed(layer: Convolution | Upsampling, given: np.ndarray) -> np.ndarray:
    kernel = np.zeros(layer.dilation * (layer.kernel - 1) + 1)
    kernel[:: layer.dilation] = 1.0
    if isinstance(layer, Convolution):
        return np.convolve(np.pad(given, (layer.before, layer.after)), kernel, "valid")
    spread = np.zeros(len(given) * layer.stride)
    spread[:: layer.stride] = given
    whole = np.convolve(spread, kernel)[layer.before :]
    return whole[: len(given) * layer.stride]


class TestReach:
    @pytest.mark.parametrize(
        "layer",
        [
            Convolution(7, 1, 3, 3),
            Convolution(3, 12, 12, 12),
            Convolution(5, 2, 8, 0),
            Upsampling(16, 8, 1, 4, 4),
            Upsampling(4, 2, 1, 1, 1),
            Upsampling(5, 2, 1, 2, 2, added=1),
        ],
    )
    def test_is_what_changes_the_output(self, layer: Convolution | Upsampling) -> None:
        wanted = Span(40, 40 + layer.stride - 1)
        assert layer.needs(wanted) == positions_that_matter(layer, wanted, 64)

    def test_layers_that_change_the_length_are_refused(self) -> None:
        with pytest.raises(NotLocal, match="length"):
            Convolution(7, 1, 2, 2)
        with pytest.raises(NotLocal, match="length"):
            Convolution(3, 1, 1, 1, stride=2)
        with pytest.raises(NotLocal, match="whole number"):
            Upsampling(7, 2, 1, 2, 2)
