from __future__ import annotations

import numpy as np
import pytest

from wyoming_voice_stack.tts.engines.vits.receptive_field import (
    Convolution,
    NotStreamable,
    ReceptiveField,
    Span,
    Upsampling,
)
from wyoming_voice_stack.tts.engines.vits.windows import Window, next_window


class TestWindows:
    @pytest.mark.parametrize(
        ("start", "wanted", "stop"),
        [
            (0, 10.4, 10),
            (20, 30, 50),
            # The remainder is as short as the shortest, or shorter.
            (20, 70, 90),
            (20, 71, 100),
            (20, 500, 100),
            # At least one frame.
            (3, 0.2, 4),
        ],
    )
    def test_a_short_remainder_is_included(self, start: int, wanted: float, stop: int) -> None:
        assert next_window(start, 100, wanted, shortest=10) == Window(start, stop)

    def test_context_ends_with_the_sentence(self) -> None:
        reach = ReceptiveField(left=11, right=7, hop=4)
        assert Window(20, 30).with_context(reach, 100) == Window(9, 37)
        assert Window(5, 98).with_context(reach, 100) == Window(0, 100)
        assert Window(20, 30).positions_in(Window(9, 37), 4) == slice(44, 84)


def positions_that_matter(layer: Convolution | Upsampling, wanted: Span, length: int) -> Span:
    """Found by experiment: positions of the input that change positions `wanted` of the output."""
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
            Upsampling(5, 2, 1, 2, 2, output_padding=1),
        ],
    )
    def test_are_the_positions_that_change_the_output(
        self, layer: Convolution | Upsampling
    ) -> None:
        wanted = Span(40, 40 + layer.stride - 1)
        assert layer.needs(wanted) == positions_that_matter(layer, wanted, 64)

    def test_layers_that_change_the_length_are_refused(self) -> None:
        with pytest.raises(NotStreamable, match="length"):
            Convolution(7, 1, 2, 2)
        with pytest.raises(NotStreamable, match="length"):
            Convolution(3, 1, 1, 1, stride=2)
        with pytest.raises(NotStreamable, match="each position"):
            Upsampling(7, 2, 1, 2, 2)
