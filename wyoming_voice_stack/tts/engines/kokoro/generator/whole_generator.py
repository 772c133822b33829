"""Runs the generator over a whole sentence, whose statistics the norms use, as the model was trained."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import pairwise

import numpy as np

from wyoming_voice_stack.tts.engines.kokoro.generator.generator_parts import (
    OVERLAPPING,
    SPECTRUM_CONTEXT,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_sessions import (
    BlockSteps,
    GeneratorParts,
    StageParts,
    Step,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_stream import CUT
from wyoming_voice_stack.tts.engines.kokoro.generator.norm_statistics import (
    ChannelStatistics,
    NormStatistics,
    measured,
    norm_affine,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.position_tensors import padded
from wyoming_voice_stack.tts.engines.kokoro.generator.running_blocks import (
    source_window,
    step_window,
    upsampled,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.side_tasks import SideTasks
from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor

POSITIONS_AT_ONCE = 2400
"""Positions that a step computes at once; tensors of more do not fit in a core's cache."""
MIN_PARTS = 6
"""Parts of a step's positions, which two and three threads share equally."""


def whole_sentence(
    parts: GeneratorParts,
    latents: Tensor,
    harmonics: Tensor,
    styles: Mapping[str, Tensor],
    tasks: SideTasks,
) -> tuple[NormStatistics, Tensor]:
    """The statistics of a sentence, and its samples, [samples].

    `latents` are [1, 512, 1, frames], `harmonics` [1, 22, 1, 60 * frames + 1], `styles` the scales and
    shifts that the sentence's style gives.
    """
    run = _WholeRun(styles, tasks)
    total = latents
    for stage in parts.stages:
        total = run.stage(stage, total, harmonics)
    end = total.shape[3]
    given = padded(total, CUT - OVERLAPPING - SPECTRUM_CONTEXT, end + SPECTRUM_CONTEXT)
    samples = parts.waveform.run(given).reshape(-1)
    return NormStatistics.of(parts.norms, run.found), samples


def first_stage(
    parts: GeneratorParts,
    latents: Tensor,
    harmonics: Tensor,
    styles: Mapping[str, Tensor],
    tasks: SideTasks,
) -> Tensor:
    """The sum of the first stage's blocks, [1, 256, 1, 10 * frames]; all else as in `whole_sentence`."""
    return _WholeRun(styles, tasks).stage(parts.stages[0], latents, harmonics)


class _WholeRun:
    """Computes one step after the other over all positions, each into an existing tensor.

    Threads share the positions of a step. If each computed a block, as they do in windows, the tensors of
    three blocks would be in memory.
    """

    def __init__(self, styles: Mapping[str, Tensor], tasks: SideTasks) -> None:
        self._styles = styles
        self._tasks = tasks
        self.found: dict[str, ChannelStatistics] = {}

    def stage(self, stage: StageParts, coarse: Tensor, harmonics: Tensor) -> Tensor:
        """The sum of a stage's blocks."""
        given = upsampled(stage, padded(coarse, -1, coarse.shape[3] + 1), first=True)
        filtered = stage.source.run(source_window(stage, harmonics, 0, given.shape[3]))
        given += self._block(stage.source_block, filtered)
        del filtered
        first, *others = stage.blocks
        total = self._block(first, given.copy())
        for block in others:
            total += self._block(block, given.copy())
        return total

    def _block(self, block: BlockSteps, given: Tensor) -> Tensor:
        """The block's output, in the place of its input."""
        inner = np.empty_like(given)
        for first, second in block.pairs:
            self._step(first, given, inner)
            self._step(second, inner, given, adds=True)
        return given

    def _step(self, step: Step, given: Tensor, output: Tensor, *, adds: bool = False) -> None:
        """Write what a step makes of `given` into `output`, or add it."""
        norm, length = step.norm, given.shape[3]
        if norm.source not in self.found:
            self.found[norm.source] = measured(given)
        affine = norm_affine(norm, self._styles, self.found[norm.source])

        def compute(start: int, stop: int) -> None:
            added = output[..., start:stop] if adds else None
            output[..., start:stop] = step_window(step, given, affine, start, stop, added)

        count = max(MIN_PARTS, -(-length // POSITIONS_AT_ONCE))
        bounds = [length * number // count for number in range(count + 1)]
        own, *others = [partial(compute, *each) for each in pairwise(bounds) if each[0] < each[1]]
        begun = [self._tasks.begin(each) for each in others]
        own()
        for finish in reversed(begun):
            finish()
