"""Means and deviations that the generator's norms use in place of those of a whole sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wyoming_voice_stack.tts.engines.kokoro.generator.constant_values import Floats
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_weights import Norm
from wyoming_voice_stack.tts.engines.kokoro.generator.running_blocks import Affine
from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor

EPSILON = 1e-5
"""Added to variances, as PyTorch's instance norm does."""

GROUP = 16
"""Channels that are measured at once."""

ChannelStatistics = tuple[Floats, Floats]
"""Mean and deviation of each channel of a tensor, [channels]."""


@dataclass(frozen=True)
class NormStatistics:
    """Means and deviations of all normalised tensors, [channels of all], in order of computation."""

    means: Floats
    deviations: Floats

    @classmethod
    def of(cls, norms: Sequence[Norm], found: Mapping[str, ChannelStatistics]) -> NormStatistics:
        """The statistics of all tensors that `norms` normalise, by their names."""
        several = [found[name] for name in dict.fromkeys(norm.source for norm in norms)]
        means, deviations = zip(*several, strict=True)
        return cls(np.concatenate(means), np.concatenate(deviations))


def statistics_size(norms: Sequence[Norm]) -> int:
    """Number of channels of all normalised tensors."""
    return sum({norm.source: len(norm.alpha) for norm in norms}.values())


def measured(tensor: Tensor) -> ChannelStatistics:
    """Mean and deviation of each channel of a tensor [1, channels, 1, time]."""
    rows = tensor[0, :, 0]
    # A group at a time: a variance needs a copy of what it is taken from.
    groups = [rows[start : start + GROUP] for start in range(0, len(rows), GROUP)]
    means = np.concatenate([each.mean(axis=1) for each in groups])
    variances = np.concatenate([each.var(axis=1) for each in groups])
    return means, np.sqrt(variances + np.float32(EPSILON))


def norm_affine(
    norm: Norm, styles: Mapping[str, Tensor], statistics: ChannelStatistics
) -> tuple[Tensor, Tensor]:
    """Factor and offset of a norm, with the frequency of the activation that follows.

    `styles` are the scales and shifts that a sentence's style gives.
    """
    mean, deviation = statistics
    scale = styles[norm.scale].reshape(-1) / deviation
    shift = styles[norm.shift].reshape(-1) - scale * mean
    return (norm.alpha * scale).astype(np.float32), (norm.alpha * shift).astype(np.float32)


def affine(
    norms: Sequence[Norm], statistics: NormStatistics, styles: Mapping[str, Tensor]
) -> Affine:
    """Factors and offsets of all norms."""
    parts: dict[str, ChannelStatistics] = {}
    at = 0
    for norm in norms:
        if norm.source not in parts:
            place = slice(at, at + len(norm.alpha))
            parts[norm.source] = (statistics.means[place], statistics.deviations[place])
            at = place.stop
    return {norm.scale: norm_affine(norm, styles, parts[norm.source]) for norm in norms}
