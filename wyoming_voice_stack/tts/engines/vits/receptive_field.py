"""How many frames around a frame its sound depends on, from the shapes of a network's layers.

VITS (Kim et al. 2021, arXiv:2106.06103) ends in layers that look a bounded way around: the flow's
and HiFi-GAN's (Kong et al. 2020, arXiv:2010.05646) convolutions. So a window of frames with this
much around it gives the very samples that all frames give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class NotLocal(Exception):
    """A layer whose output at one place may depend on all of its input, or is not known."""


@dataclass(frozen=True)
class Span:
    """Positions `first` to `last`, both included, before and after a layer's own zero point."""

    first: int
    last: int

    def with_(self, other: Span) -> Span:
        """Both spans and what lies between them."""
        return Span(min(self.first, other.first), max(self.last, other.last))


@dataclass(frozen=True)
class ReceptiveField:
    """A frame's sound depends on `left` frames before it and on `right` after it."""

    left: int
    right: int
    hop: int
    """Positions that a frame becomes: samples behind a vocoder, 1 behind a flow."""


class Layer(Protocol):
    """A layer that makes `stride` positions out of each, and keeps the order of time."""

    @property
    def stride(self) -> int: ...  # noqa: D102

    def needs(self, wanted: Span) -> Span:
        """What must go in so that `wanted` comes out as it does with everything around it."""
        ...


@dataclass(frozen=True)
class Convolution:
    """Stride 1, with `before` zeros before the input."""

    kernel: int
    dilation: int
    before: int
    after: int
    stride: int = 1

    def __post_init__(self) -> None:
        if self.stride != 1 or self.before + self.after != self.dilation * (self.kernel - 1):
            raise NotLocal(f"{self} changes the length")

    def needs(self, wanted: Span) -> Span:
        """The kernel's width around each position."""
        return Span(wanted.first - self.before, wanted.last + self.after)


@dataclass(frozen=True)
class Upsampling:
    """A transposed convolution that makes exactly `stride` positions out of one."""

    kernel: int
    stride: int
    dilation: int
    before: int
    after: int
    added: int = 0
    """Positions added at the end, which other libraries call output padding."""

    def __post_init__(self) -> None:
        width = self.dilation * (self.kernel - 1) + 1
        if width + self.added - self.before - self.after != self.stride:
            raise NotLocal(f"{self} does not give a whole number of positions for one")

    def needs(self, wanted: Span) -> Span:
        """Every position whose kernel touches `wanted`, and the position that stands there."""
        touching = Span(
            -((self.dilation * (self.kernel - 1) - wanted.first - self.before) // self.stride),
            (wanted.last + self.before) // self.stride,
        )
        return touching.with_(Span(wanted.first // self.stride, wanted.last // self.stride))
