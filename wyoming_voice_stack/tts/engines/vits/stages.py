"""Runs the parts of a VITS model one after another, without computing any position twice.

A stage is asked for positions in ascending order. It computes those it does not have yet from the
output of the stage before, and keeps what may still be asked for. So beyond its own length, a window
costs only the receptive field of each stage, not the sum of all.

Threads share a stage's work by computing a window each. The threads of ONNX Runtime share every single
layer instead, which gains next to nothing on windows as short as the first one of a sentence.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from wyoming_voice_stack.tts.engines.vits.partition import PartSignature
from wyoming_voice_stack.tts.engines.vits.receptive_field import ReceptiveField
from wyoming_voice_stack.tts.engines.vits.windows import Window
from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor, Workers

MIN_SHARE = 1.0
"""Shortest window of a thread, as a multiple of its context. Shorter ones are ready hardly sooner, for a tenth
more work."""
MAX_POSITIONS = 4096
"""Positions of a result that are computed at once. With longer windows the last two stages, which are two
thirds of the work, take 10 % longer, and two seconds of audio would take several times the memory."""
NEGLIGIBLE_CONTEXT = 40
"""In windows of this many times the length of their context, the context costs next to nothing."""


@dataclass(frozen=True)
class Stage:
    """A part of the model with an inference session of its own."""

    session: Any
    signature: PartSignature

    @cached_property
    def inputs(self) -> frozenset[str]:
        """Names of the session's inputs; the runtime may have removed some that it does not need."""
        return frozenset(each.name for each in self.session.get_inputs())


class LazyTensor(Protocol):
    """A tensor of a sentence that is computed as needed; its last axis is time."""

    @property
    def total(self) -> int:
        """Its positions in the whole sentence."""
        ...

    def take(self, window: Window, workers: Workers) -> Tensor:
        """Return these positions. No window starts before the one taken last."""
        ...


def stage_outputs(
    stages: Sequence[Stage], tensors: Mapping[str, Tensor]
) -> tuple[StageOutput, ...]:
    """Each stage's result; `tensors` are the sentence's inputs of all stages."""
    outputs: list[StageOutput] = []
    source: LazyTensor = _Computed(tensors[stages[0].signature.source])
    for stage in stages:
        source = StageOutput(stage, source, tensors)
        outputs.append(source)
    return tuple(outputs)


class _Computed:
    """A tensor that is complete."""

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor
        self.total: int = tensor.shape[-1]

    def take(self, window: Window, workers: Workers) -> Tensor:
        del workers
        return self._tensor[..., window.start : window.stop]


class StageOutput:
    """The output of a stage, computed as far as it has been asked for."""

    def __init__(self, stage: Stage, source: LazyTensor, tensors: Mapping[str, Tensor]) -> None:
        self._stage = stage
        self._source = source
        others = stage.signature.others
        self._others = {name: tensors[name] for name in others if name in stage.inputs}
        self._field = stage.signature.receptive_field
        self.total: int = source.total * self._field.hop
        """See `LazyTensor`."""
        self._kept: Tensor | None = None
        self._start = self._stop = 0

    def continue_from(self, source: LazyTensor) -> None:
        """Take what is not computed yet from another tensor with the same values."""
        self._source = source

    def take(self, window: Window, workers: Workers) -> Tensor:
        """Return these positions; computes those that are missing."""
        if window.stop > self._stop:
            self._compute_up_to(window.stop, workers)
        if self._kept is None:
            raise ValueError("the window is empty")
        self._kept = self._kept[..., window.start - self._start :]
        self._start = window.start
        return self._kept[..., : window.stop - window.start]

    def _compute_up_to(self, stop: int, workers: Workers) -> None:
        field = self._field
        window = Window(self._stop // field.hop, -(-stop // field.hop))
        wider = window.with_context(field, self._source.total)
        source = self._source.take(wider, workers)

        def compute(part: Window) -> Tensor:
            """The output for these positions of the source."""
            context = part.with_context(field, self._source.total)
            given = source[..., context.start - wider.start : context.stop - wider.start]
            return self._run(given, context)[..., part.positions_in(context, field.hop)]

        computed = workers.map(compute, divide_window(window, field, workers.count))
        kept = () if self._kept is None else (self._kept,)
        self._kept = np.concatenate((*kept, *computed), axis=-1)
        self._stop = self._start + self._kept.shape[-1]

    def _run(self, given: Tensor, where: Window) -> Tensor:
        signature = self._stage.signature
        feeds = {signature.source: given}
        for name, tensor in self._others.items():
            along_time = tensor.shape[-1] == self._source.total
            feeds[name] = tensor[..., where.start : where.stop] if along_time else tensor
        (result,) = self._stage.session.run([signature.result], feeds)
        computed: Tensor = result
        return computed


def divide_window(window: Window, field: ReceptiveField, threads: int) -> list[Window]:
    """Divide a window among threads, unless nearly all of the work would be context.

    Where context is negligible, a long window is divided into more windows than there are threads.
    """
    length, context = window.stop - window.start, field.left + field.right
    count = max(1, min(threads, int(length / (MIN_SHARE * context + 1))))
    if count == threads:
        # A multiple, so that all threads get the same number of windows.
        longest = max(NEGLIGIBLE_CONTEXT * context, MAX_POSITIONS // field.hop, 1)
        count *= max(1, math.ceil(length / longest / threads))
    ends = [window.start + length * number // count for number in range(count + 1)]
    return [Window(start, stop) for start, stop in pairwise(ends)]
