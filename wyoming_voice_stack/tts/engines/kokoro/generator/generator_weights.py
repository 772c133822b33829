"""The weights of Kokoro's generator.

It is that of iSTFTNet (Kaneko et al. 2022, arXiv:2203.02395) with adaptive instance norms and Snake
activations, as in StyleTTS 2 (Li et al. 2023, arXiv:2306.07691).
"""

from __future__ import annotations

from dataclasses import dataclass

from wyoming_voice_stack.tts.engines.kokoro.generator.constant_values import Floats

LAYERS = 3
"""Pairs of convolutions in a residual block."""
KERNELS = (3, 7, 11)
"""Sizes of the kernels of a stage's three residual blocks."""
SPECTRUM_CHANNELS = 22
"""Channels of the generator's result: log magnitudes and phases of 11 frequencies each."""
UPSAMPLINGS = (10, 6)
"""Factors by which the two stages upsample."""


@dataclass(frozen=True)
class Norm:
    """An adaptive instance norm: `scale * (x - mean) / deviation + shift` for each channel."""

    source: str
    """The normalised tensor, [1, channels, time]; its mean and deviation are those over all time."""
    scale: str
    """A tensor that depends on the style only, [1, channels, 1]."""
    shift: str
    """The same for the shift."""
    alpha: Floats
    """The frequency of the Snake activation that follows, [channels]."""


@dataclass(frozen=True)
class Filter:
    """A convolution; `weights` are [out, in, kernel], or [in, out, kernel] if it upsamples."""

    weights: Floats
    bias: Floats
    dilation: int = 1

    @property
    def kernel(self) -> int:
        """Positions that the kernel covers, without dilation."""
        return int(self.weights.shape[2])

    @property
    def width(self) -> int:
        """Positions that a result depends on, less one: those of the padding that keeps the length."""
        return (self.kernel - 1) * self.dilation


@dataclass(frozen=True)
class ResidualLayer:
    """Adds to its input what two convolutions make of it, with a norm and an activation before each."""

    norms: tuple[Norm, Norm]
    filters: tuple[Filter, Filter]


@dataclass(frozen=True)
class ResidualBlock:
    """Three layers of one kernel size."""

    layers: tuple[ResidualLayer, ...]

    @property
    def norms(self) -> tuple[Norm, ...]:
        """All norms, in order."""
        return tuple(norm for layer in self.layers for norm in layer.norms)


@dataclass(frozen=True)
class GeneratorStage:
    """Upsamples, adds the harmonic source, and averages three residual blocks."""

    upsampling: Filter
    source_filter: Filter
    """Brings the harmonic source to this stage's rate."""
    source_block: ResidualBlock
    blocks: tuple[ResidualBlock, ...]
    """In ascending order of their kernels."""


@dataclass(frozen=True)
class Generator:
    """All weights of the generator, and its inputs' names."""

    latents: str
    """[1, 512, frames]."""
    harmonics: str
    """[1, 22, 60 * frames + 1]."""
    stages: tuple[GeneratorStage, ...]
    spectrum_filter: Filter

    @property
    def norms(self) -> tuple[Norm, ...]:
        """All norms, in order of computation."""
        blocks = [block for stage in self.stages for block in (stage.source_block, *stage.blocks)]
        return tuple(norm for block in blocks for norm in block.norms)
