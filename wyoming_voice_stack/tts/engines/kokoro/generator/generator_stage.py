"""One of the generator's stages in the course of a sentence."""

from __future__ import annotations

from functools import partial

import numpy as np

from wyoming_voice_stack.tts.engines.kokoro.generator.generator_sessions import (
    Affine,
    RunningPart,
    StageParts,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.side_tasks import SideTasks
from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor


class GrowingTensor:
    """Positions of a tensor [1, channels, 1, time], from the oldest that may still be wanted."""

    def __init__(self, start: int) -> None:
        self.stop = start
        """The position after the last."""
        self._tensor: Tensor | None = None

    def append(self, tensor: Tensor) -> None:
        """Add the positions from `stop` on."""
        self.stop += tensor.shape[3]
        kept = () if self._tensor is None else (self._tensor,)
        self._tensor = np.concatenate((*kept, tensor), axis=3) if kept else tensor

    def take(self, start: int, stop: int) -> Tensor:
        """Return these positions; those before the first are 0."""
        if self._tensor is None:
            raise ValueError("the tensor has no positions")
        return padded(self._tensor, start - self._start, stop - self._start)

    def forget(self, before: int) -> None:
        """Drop the positions before this one."""
        if self._tensor is not None:
            self._tensor = self._tensor[..., max(0, before - self._start) :]

    @property
    def _start(self) -> int:
        return self.stop - (0 if self._tensor is None else int(self._tensor.shape[3]))


class RunningStage:
    """Upsampling, harmonic source and residual blocks of one sentence, from position `start` on."""

    def __init__(self, parts: StageParts, harmonics: Tensor, affine: Affine, start: int) -> None:
        self._parts = parts
        self._source = RunningPart(parts.source, affine)
        self._source_fed = start
        self._upsampling = RunningPart(parts.upsampling, affine)
        self._blocks = [RunningPart(part, affine) for part in parts.blocks]
        self._harmonics = harmonics
        self._given = GrowingTensor(start)
        self.start = start
        self.total = GrowingTensor(start)
        """The sum of the blocks' outputs."""

    @property
    def fed(self) -> int:
        """The position after those that the blocks have been given."""
        return self._given.stop

    @property
    def look_ahead(self) -> int:
        """Positions by which the sum lags behind what the blocks are given."""
        return max(part.look_ahead for part in self._parts.blocks)

    def source(self, stop: int) -> Tensor:
        """What the harmonic source adds to the positions up to `stop` that were not returned before."""
        lag = self._parts.source.look_ahead
        begin, end = self._source_fed, stop + lag
        stride, kernel = self._parts.source_stride, self._parts.source_kernel
        before = (kernel - stride) // 2
        given = padded(
            self._harmonics, stride * begin - before, stride * (end - 1) - before + kernel
        )
        result = self._source.run(given)
        self._source_fed = end
        return result[..., lag if begin == self.start else 0 :]

    def advance(self, coarse: Tensor, source: Tensor, tasks: SideTasks) -> None:
        """Add to `total` what follows from the next positions of the stage before.

        `coarse` has one position of context on each side.
        """
        fed = self.fed
        self._given.append(self._upsampling.run(coarse, source))
        delays = [self.look_ahead - part.look_ahead for part in self._parts.blocks]
        *others, costliest = [
            partial(block.run, self._given.take(fed - delay, self.fed - delay))
            for block, delay in zip(self._blocks, delays, strict=True)
        ]
        begun = [tasks.begin(each) for each in reversed(others)]
        total = costliest()
        for result in reversed(begun):
            total += result()
        self._given.forget(self.fed - max(delays))
        self.total.append(total[..., self.look_ahead if fed == self.start else 0 :])


def padded(tensor: Tensor, start: int, stop: int) -> Tensor:
    """These positions of a tensor; those outside of it are 0."""
    length = tensor.shape[-1]
    inside = tensor[..., max(0, start) : max(0, min(stop, length))]
    before = min(max(0, -start), stop - start)
    after = stop - start - before - inside.shape[-1]
    if not before and not after:
        return inside
    return np.pad(inside, [*[(0, 0)] * (tensor.ndim - 1), (before, after)])
