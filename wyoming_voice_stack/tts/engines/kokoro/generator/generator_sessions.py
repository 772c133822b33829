"""Inference sessions of the generator's parts, and a part in the course of a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from wyoming_voice_stack.tts.engines.inference_sessions import session_from_bytes
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_parts import (
    ADDED,
    INPUT,
    OUTPUT,
    PartModel,
    block_model,
    factor,
    kept,
    look_ahead,
    offset,
    source_model,
    upsampling_model,
    waveform_model,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_weights import (
    UPSAMPLINGS,
    Generator,
    GeneratorStage,
    Norm,
    ResidualBlock,
)
from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor

Affine: TypeAlias = Mapping[str, tuple[Tensor, Tensor]]
"""Factor and offset of each norm, [channels], by the name of its scale."""


@dataclass(frozen=True)
class Part:
    """A part's session; any number of sentences may use it."""

    session: Any
    state: Mapping[str, tuple[int, ...]]
    norms: tuple[Norm, ...] = ()
    look_ahead: int = 0
    """Positions by which the output lags behind the input."""


@dataclass(frozen=True)
class StageParts:
    """The parts of a stage."""

    source: Part
    source_kernel: int
    source_stride: int
    """Positions of the harmonic source for each of this stage."""
    upsampling: Part
    blocks: tuple[Part, ...]


@dataclass(frozen=True)
class GeneratorParts:
    """All parts of the generator, without its weights, which the sessions have."""

    stages: tuple[StageParts, ...]
    waveform: Part
    averaged: int
    """Blocks whose sum is the input of the last part."""

    @property
    def norms(self) -> tuple[Norm, ...]:
        """All norms, in order of computation."""
        parts = [part for stage in self.stages for part in (stage.source, *stage.blocks)]
        return tuple(norm for part in parts for norm in part.norms)


class RunningPart:
    """A part in the course of one sentence."""

    def __init__(self, part: Part, affine: Affine) -> None:
        """Take the factors and offsets of at least the part's norms."""
        self.part = part
        self._affine: dict[str, Tensor] = {}
        for number, norm in enumerate(part.norms):
            self._affine[factor(number)], self._affine[offset(number)] = affine[norm.scale]
        self._outputs = [OUTPUT, *map(kept, part.state)]
        self._state = {name: np.zeros(shape, np.float32) for name, shape in part.state.items()}

    def run(self, given: Tensor, added: Tensor | None = None) -> Tensor:
        """The output for the next positions."""
        feeds = {INPUT: given, **self._affine, **self._state}
        if added is not None:
            feeds[ADDED] = added
        output, *state = self.part.session.run(self._outputs, feeds)
        self._state = dict(zip(self.part.state, state, strict=True))
        computed: Tensor = output
        return computed


def generator_parts(generator: Generator) -> GeneratorParts:
    """Create all sessions."""
    averaged = len(generator.stages[-1].blocks)
    first, second = generator.stages
    stages = (
        _stage(first, source_stride=UPSAMPLINGS[1], rate=UPSAMPLINGS[0], averaged=1),
        _stage(second, source_stride=1, rate=UPSAMPLINGS[1], averaged=averaged),
    )
    waveform = _part(waveform_model(generator.spectrum_filter, averaged))
    return GeneratorParts(stages, waveform, averaged)


def _stage(stage: GeneratorStage, source_stride: int, rate: int, averaged: int) -> StageParts:
    source = source_model(stage.source_filter, source_stride, stage.source_block)
    return StageParts(
        source=_part(source, stage.source_block),
        source_kernel=stage.source_filter.kernel,
        source_stride=source_stride,
        upsampling=_part(upsampling_model(stage.upsampling, rate, averaged)),
        blocks=tuple(_part(block_model(block), block) for block in stage.blocks),
    )


def _part(model: PartModel, block: ResidualBlock | None = None) -> Part:
    session = session_from_bytes(model.model)
    if block is None:
        return Part(session, model.state)
    return Part(session, model.state, block.norms, look_ahead(block))
