"""Inference sessions of the generator's layers, without their weights in any other place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wyoming_voice_stack.tts.engines.inference_sessions import session_from_bytes
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_parts import (
    INPUT,
    OUTPUT,
    Model,
    source_model,
    step_model,
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


@dataclass(frozen=True)
class Part:
    """A layer, or several, with one input and one output."""

    session: Any

    def run(self, given: Tensor) -> Tensor:
        """The output."""
        (output,) = self.session.run([OUTPUT], {INPUT: given})
        computed: Tensor = output
        return computed


@dataclass(frozen=True)
class Step:
    """A norm, its activation and the convolution that follows."""

    session: Any
    norm: Norm
    width: int
    """Positions of the convolution's padding, on both sides together."""


@dataclass(frozen=True)
class BlockSteps:
    """The steps of a residual block. The input of each pair is added to its output."""

    pairs: tuple[tuple[Step, Step], ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order."""
        return tuple(step for pair in self.pairs for step in pair)

    @property
    def look_ahead(self) -> int:
        """Positions that a result depends on after its own."""
        return sum(step.width // 2 for step in self.steps)


@dataclass(frozen=True)
class StageParts:
    """The parts of a stage."""

    source: Part
    source_kernel: int
    source_stride: int
    """Positions of the harmonic source for each of this stage."""
    source_block: BlockSteps
    upsampling: Part
    rate: int
    """Positions for each of the stage before."""
    reflects: int
    """Positions before the first upsampled one, which are a reflection of those after it."""
    blocks: tuple[BlockSteps, ...]
    """In ascending order of their costs."""

    @property
    def look_ahead(self) -> int:
        """Positions that a result depends on after its own."""
        return max(block.look_ahead for block in self.blocks)


@dataclass(frozen=True)
class GeneratorParts:
    """All parts of the generator."""

    stages: tuple[StageParts, StageParts]
    waveform: Part

    @property
    def norms(self) -> tuple[Norm, ...]:
        """All norms, in order of computation."""
        blocks = [block for stage in self.stages for block in (stage.source_block, *stage.blocks)]
        return tuple(step.norm for block in blocks for step in block.steps)


def generator_parts(generator: Generator) -> GeneratorParts:
    """Create all sessions."""
    first, second = generator.stages
    averaged = len(first.blocks)
    return GeneratorParts(
        (_stage(first, 0, averaged=1), _stage(second, 1, averaged=averaged)),
        _part(waveform_model(generator.spectrum_filter, averaged)),
    )


def _stage(stage: GeneratorStage, number: int, averaged: int) -> StageParts:
    rate = UPSAMPLINGS[number]
    # The source has the rate of the last stage, and one position more than upsampling makes.
    stride, reflects = (UPSAMPLINGS[1], 0) if number == 0 else (1, 1)
    return StageParts(
        source=_part(source_model(stage.source_filter, stride)),
        source_kernel=stage.source_filter.kernel,
        source_stride=stride,
        source_block=_block(stage.source_block),
        upsampling=_part(upsampling_model(stage.upsampling, rate, averaged)),
        rate=rate,
        reflects=reflects,
        blocks=tuple(map(_block, stage.blocks)),
    )


def _block(block: ResidualBlock) -> BlockSteps:
    pairs = []
    for layer in block.layers:
        first, second = (
            Step(session_from_bytes(step_model(norm, each, adds=place == 1)), norm, each.width)
            for place, (norm, each) in enumerate(zip(layer.norms, layer.filters, strict=True))
        )
        pairs.append((first, second))
    return BlockSteps(tuple(pairs))


def _part(model: Model) -> Part:
    return Part(session_from_bytes(model))
