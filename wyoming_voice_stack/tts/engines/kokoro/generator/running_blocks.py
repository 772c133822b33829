"""The generator's layers in the course of a sentence.

A step is given a sentence's positions in order. It keeps the activations that its convolution still
needs, so that each position is computed once. Its output ends `width // 2` positions before its input,
until the sentence ends; the result is exactly that of the whole sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TypeAlias

import numpy as np

from wyoming_voice_stack.tts.engines.kokoro.generator.generator_parts import (
    ADDED,
    EARLIER,
    END,
    FACTOR,
    INPUT,
    KEPT,
    OFFSET,
    OUTPUT,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_sessions import (
    BlockSteps,
    StageParts,
    Step,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.position_tensors import (
    GrowingTensor,
    padded,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.side_tasks import SideTasks
from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor

Affine: TypeAlias = Mapping[str, tuple[Tensor, Tensor]]
"""Factor and offset of each norm, [channels], by the name of its scale."""


class RunningStep:
    """A step in the course of one sentence."""

    def __init__(self, step: Step, factor: Tensor, offset: Tensor) -> None:
        self._step = step
        self._affine = {FACTOR: factor, OFFSET: offset}
        channels = len(factor)
        self._nothing = np.zeros((1, channels, 1, 0), np.float32)
        # Zeros before the first position are the convolution's padding.
        self._padding = np.zeros((1, channels, 1, step.width // 2), np.float32)
        self._earlier = self._padding

    def positions(self, given: int, *, last: bool) -> int:
        """How many positions `run` returns for the next `given` ones."""
        after = self._padding.shape[3] if last else 0
        return int(self._earlier.shape[3]) + given + after - self._step.width

    def run(self, given: Tensor, *, last: bool, added: Tensor | None = None) -> Tensor:
        """The output for the next positions, `last` if the sentence ends with them."""
        end = self._padding if last else self._nothing
        feeds = {INPUT: given, **self._affine, EARLIER: self._earlier, END: end}
        if added is not None:
            feeds[ADDED] = added
        output, self._earlier = self._step.session.run([OUTPUT, KEPT], feeds)
        computed: Tensor = output
        return computed


class RunningBlock:
    """A residual block in the course of one sentence."""

    def __init__(self, block: BlockSteps, affine: Affine, start: int) -> None:
        self._pairs = [
            tuple(RunningStep(step, *affine[step.norm.scale]) for step in pair)
            for pair in block.pairs
        ]
        self._residuals = [GrowingTensor(start) for _ in block.pairs]
        self.result = GrowingTensor(start)
        """What was computed and not taken yet."""

    def advance(self, given: Tensor, *, last: bool) -> None:
        """Compute what follows from the next positions."""
        for (first, second), residual in zip(self._pairs, self._residuals, strict=True):
            residual.append(given)
            inner = first.run(given, last=last)
            count = second.positions(inner.shape[3], last=last)
            given = second.run(inner, last=last, added=residual.pop_next(count))
        self.result.append(given)


class RunningStage:
    """Harmonic source, upsampling and residual blocks of one sentence, from `start` on."""

    def __init__(self, parts: StageParts, harmonics: Tensor, affine: Affine, start: int) -> None:
        """Take the whole sentence's harmonics, and the first position that is computed."""
        self._parts = parts
        self._harmonics = harmonics
        before = parts.source_kernel - parts.source_stride
        self.length = (harmonics.shape[3] + before - parts.source_kernel) // parts.source_stride + 1
        self.fed = self._source_fed = start
        self._source = RunningBlock(parts.source_block, affine, start)
        self._blocks = [RunningBlock(block, affine, start) for block in parts.blocks]
        self.total = GrowingTensor(start)
        """The sum of the blocks' outputs."""

    def source(self, stop: int) -> Tensor:
        """What the harmonic source adds to the positions up to `stop` that were not returned before."""
        parts = self._parts
        begin, end = self._source_fed, min(stop + parts.source_block.look_ahead, self.length)
        if end > begin:
            filtered = parts.source.run(source_window(parts, self._harmonics, begin, end))
            self._source.advance(filtered, last=end == self.length)
            self._source_fed = end
        return self._source.result.pop(stop)

    def advance(self, coarse: Tensor, source: Tensor, tasks: SideTasks) -> None:
        """Add to `total` what follows from the next positions of the stage before.

        `coarse` has one position of context on each side.
        """
        given = upsampled(self._parts, coarse, first=self.fed == 0) + source
        self.fed += given.shape[3]
        last = self.fed == self.length
        *others, costliest = [partial(block.advance, given, last=last) for block in self._blocks]
        begun = [tasks.begin(each) for each in reversed(others)]
        costliest()
        for finish in reversed(begun):
            finish()
        stop = min(block.result.stop for block in self._blocks)
        first, *rest = [block.result.pop(stop) for block in self._blocks]
        self.total.append(sum(rest, first))


def step_window(
    step: Step,
    given: Tensor,
    affine: tuple[Tensor, Tensor],
    start: int,
    stop: int,
    added: Tensor | None = None,
) -> Tensor:
    """The output of a step at positions `start` to `stop` of a whole sentence."""
    reach, length = step.width // 2, given.shape[3]
    zeros = np.zeros((1, given.shape[1], 1, reach), np.float32)
    feeds = {
        INPUT: given[..., max(0, start - reach) : stop + reach],
        FACTOR: affine[0],
        OFFSET: affine[1],
        EARLIER: zeros[..., : max(0, reach - start)],
        END: zeros[..., : max(0, stop + reach - length)],
    }
    if added is not None:
        feeds[ADDED] = added
    (output,) = step.session.run([OUTPUT], feeds)
    computed: Tensor = output
    return computed


def source_window(parts: StageParts, harmonics: Tensor, begin: int, end: int) -> Tensor:
    """The harmonics that positions `begin` to `end` of a stage depend on, with zeros around them."""
    stride, kernel = parts.source_stride, parts.source_kernel
    before = (kernel - stride) // 2
    return padded(harmonics, stride * begin - before, stride * (end - 1) - before + kernel)


def upsampled(parts: StageParts, coarse: Tensor, *, first: bool) -> Tensor:
    """The upsampled positions, `first` if the sentence begins with them."""
    fine = parts.upsampling.run(coarse)
    if not first or not parts.reflects:
        return fine
    return np.concatenate((fine[..., parts.reflects : 0 : -1], fine), axis=3)
