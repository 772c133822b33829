"""What the positions of a layer's output depend on, and which layers cannot be decoded in windows."""

from __future__ import annotations

import pytest

from wyoming_voice_stack.tts.engines.vits.receptive_field import (
    Convolution,
    NotStreamable,
    Span,
    Upsampling,
)


@pytest.mark.parametrize(
    ("before", "after", "stride"),
    [
        pytest.param(1, 1, 2, id="it drops every second position"),
        pytest.param(1, 0, 1, id="too little padding"),
        pytest.param(2, 1, 1, id="too much padding"),
    ],
)
def test_a_convolution_keeps_the_length(before: int, after: int, stride: int) -> None:
    with pytest.raises(NotStreamable, match="changes the length"):
        Convolution(3, 1, before, after, stride)


def test_an_upsampling_whose_kernel_touches_only_some_positions() -> None:
    layer = Upsampling(kernel=1, stride=2, dilation=1, before=0, after=0, output_padding=1)
    # The first position is made of position 0, though no kernel touches it.
    assert layer.needs(Span(1, 5)) == Span(0, 2)
    with pytest.raises(NotStreamable, match="into 2 positions"):
        Upsampling(kernel=1, stride=2, dilation=1, before=0, after=0)
