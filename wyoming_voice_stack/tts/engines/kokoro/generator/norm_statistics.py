"""Means and deviations that the generator's norms use in place of those of a whole sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wyoming_voice_stack.tts.engines.kokoro.generator.constant_values import Floats
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_sessions import Affine
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_weights import Norm
from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor

EPSILON = 1e-5
"""Added to variances, as PyTorch's instance norm does."""


@dataclass(frozen=True)
class NormStatistics:
    """Means and deviations of every channel of all normalised tensors, one after another."""

    means: Floats
    deviations: Floats

    @classmethod
    def mixed(cls, two: tuple[NormStatistics, NormStatistics], weight: float) -> NormStatistics:
        """Between two: the first with a weight of 0, the second with 1."""
        first, second = two
        return cls(
            first.means + np.float32(weight) * (second.means - first.means),
            first.deviations + np.float32(weight) * (second.deviations - first.deviations),
        )

    @property
    def valid(self) -> bool:
        """True if all numbers are finite, and all deviations positive."""
        return bool(
            np.isfinite(self.means).all()
            and np.isfinite(self.deviations).all()
            and (self.deviations > 0).all()
        )


def statistics_size(norms: Sequence[Norm]) -> int:
    """Number of channels of all normalised tensors."""
    return sum({norm.source: len(norm.alpha) for norm in norms}.values())


def affine(
    norms: Sequence[Norm], statistics: NormStatistics, styles: Mapping[str, Tensor]
) -> Affine:
    """Factors and offsets of all norms, with the frequency of the activation that follows.

    `styles` are the scales and shifts that a sentence's style gives.
    """
    places: dict[str, slice] = {}
    at = 0
    for norm in norms:
        if norm.source not in places:
            places[norm.source] = slice(at, at + len(norm.alpha))
            at += len(norm.alpha)
    found = {}
    for norm in norms:
        place = places[norm.source]
        scale = styles[norm.scale].reshape(-1) / statistics.deviations[place]
        shift = styles[norm.shift].reshape(-1) - scale * statistics.means[place]
        found[norm.scale] = (
            np.asarray(norm.alpha * scale, np.float32),
            np.asarray(norm.alpha * shift, np.float32),
        )
    return found
