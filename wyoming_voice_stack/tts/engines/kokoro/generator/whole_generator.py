"""Runs the generator over a whole sentence, whose statistics the norms use, as the model was trained."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

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
    RunningStep,
    source_window,
    upsampled,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.side_tasks import SideTasks
from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor

POSITIONS_AT_ONCE = 2400
"""Positions that a step computes at once; tensors of more do not fit in a core's cache."""


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
    def __init__(self, styles: Mapping[str, Tensor], tasks: SideTasks) -> None:
        self._styles = styles
        self._tasks = tasks
        self.found: dict[str, ChannelStatistics] = {}

    def stage(self, stage: StageParts, coarse: Tensor, harmonics: Tensor) -> Tensor:
        """The sum of a stage's blocks."""
        fine = upsampled(stage, padded(coarse, -1, coarse.shape[3] + 1), first=True)
        filtered = stage.source.run(source_window(stage, harmonics, 0, fine.shape[3]))
        given = fine + self._block(stage.source_block, filtered)
        *others, costliest = [partial(self._block, block, given) for block in stage.blocks]
        begun = [self._tasks.begin(each) for each in reversed(others)]
        total = costliest()
        for result in reversed(begun):
            total += result()
        return total

    def _block(self, block: BlockSteps, given: Tensor) -> Tensor:
        for first, second in block.pairs:
            given = self._step(second, self._step(first, given), added=given)
        return given

    def _step(self, step: Step, given: Tensor, added: Tensor | None = None) -> Tensor:
        norm = step.norm
        if norm.source not in self.found:
            self.found[norm.source] = measured(given)
        running = RunningStep(step, *norm_affine(norm, self._styles, self.found[norm.source]))
        length, results, done = given.shape[3], [], 0
        for start in range(0, length, POSITIONS_AT_ONCE):
            part = given[..., start : start + POSITIONS_AT_ONCE]
            last = start + POSITIONS_AT_ONCE >= length
            count = running.positions(part.shape[3], last=last)
            residual = None if added is None else added[..., done : done + count]
            results.append(running.run(part, last=last, added=residual))
            done += count
        return np.concatenate(results, axis=3)
