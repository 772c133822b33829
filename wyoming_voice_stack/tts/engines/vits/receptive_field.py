"""Receptive fields: how many frames around a frame its samples depend on, from the layers' shapes.

VITS (Kim et al. 2021, arXiv:2106.06103) ends in convolutions with a bounded receptive field: those of
the flow and of HiFi-GAN (Kong et al. 2020, arXiv:2010.05646). So a window of frames with that much
context gives exactly the samples that decoding all frames gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class NotStreamable(Exception):
    """The model cannot be decoded in windows: a layer's receptive field is unbounded or unknown."""


@dataclass(frozen=True)
class Span:
    """Positions `first` to `last`, both included, relative to the position that is traced."""

    first: int
    last: int

    def union(self, other: Span) -> Span:
        """The shortest span that contains both."""
        return Span(min(self.first, other.first), max(self.last, other.last))


@dataclass(frozen=True)
class ReceptiveField:
    """A frame's result depends on `left` frames before it and on `right` frames after it."""

    left: int
    right: int
    hop: int
    """Positions in the result for each frame: samples for a vocoder, 1 for a flow."""


class Layer(Protocol):
    """A layer that makes `stride` output positions of each input position, in order."""

    @property
    def stride(self) -> int: ...  # noqa: D102

    def needs(self, output: Span) -> Span:
        """The input positions that the `output` positions depend on."""
        ...


@dataclass(frozen=True)
class Convolution:
    """A convolution of stride 1 that keeps the length; `before` and `after` are its zero padding."""

    kernel: int
    dilation: int
    before: int
    after: int
    stride: int = 1

    def __post_init__(self) -> None:
        if self.stride != 1 or self.before + self.after != self.dilation * (self.kernel - 1):
            raise NotStreamable(f"{self} changes the length")

    def needs(self, output: Span) -> Span:
        """The kernel's width around each position."""
        return Span(output.first - self.before, output.last + self.after)


@dataclass(frozen=True)
class Upsampling:
    """A transposed convolution that makes exactly `stride` output positions of each input position.

    `before` and `after` are the positions that its padding cuts off.
    """

    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    output_padding: int = 0
    """Positions added at the end."""

    def __post_init__(self) -> None:
        width = self.dilation * (self.kernel - 1) + 1
        if width + self.output_padding - self.before - self.after != self.stride:
            raise NotStreamable(f"{self} does not turn each position into {self.stride} positions")

    def needs(self, output: Span) -> Span:
        """Every position whose kernel touches `output`, and the positions that it is made of."""
        touching = Span(
            -((self.dilation * (self.kernel - 1) - output.first - self.before) // self.stride),
            (output.last + self.before) // self.stride,
        )
        return touching.union(Span(output.first // self.stride, output.last // self.stride))
