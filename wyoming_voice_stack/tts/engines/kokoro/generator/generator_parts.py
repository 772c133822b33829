"""The parts of the generator as ONNX models that compute a sentence's next positions.

All tensors are [1, channels, 1, time]: ONNX Runtime computes convolutions over a plane faster. A
residual block is given the positions after those of its last call, and what its convolutions still need
of the earlier ones. So each position is computed once. Its output lags by the positions that the
convolutions look ahead.

A norm and the Snake activation after it, `y + sin(alpha * y) ** 2 / alpha`, are `u + sin(u) ** 2`, where
u is the input with one factor and one offset for each channel; the convolution's weights contain 1 / alpha.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.onnx_file import schema
from wyoming_voice_stack.onnx_file.building import new_graph, new_node
from wyoming_voice_stack.onnx_file.graph import Chunk
from wyoming_voice_stack.onnx_file.nodes import Node
from wyoming_voice_stack.tts.engines.kokoro.generator.constant_values import Floats
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_weights import (
    Filter,
    Norm,
    ResidualBlock,
)

INPUT, OUTPUT = "input", "output"
ADDED = "added"
"""Input of an upsampling part that is added to its result."""

NORM_EPSILON = 1e-5
"""Added to variances by ONNX's BatchNormalization unless it is told otherwise."""
HOP = 5
"""Samples of a position of the spectrum."""
FRAME = 20
"""Samples of the frames of the spectrum, which overlap."""
SPECTRUM_CONTEXT = 3
"""Positions that the last convolution needs on each side."""
OVERLAPPING = FRAME // HOP - 1
"""Earlier positions that add to a sample."""

_SLOPE = 0.1
"""Slope of the activation before upsampling, for negative numbers. That at the end has ONNX's default."""
_END = np.iinfo(np.int64).max


@dataclass(frozen=True)
class PartModel:
    """A part's model, and the shapes of what it keeps between calls."""

    model: tuple[Chunk, ...]
    state: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Names of inputs; the outputs have `kept(name)`."""


def kept(name: str) -> str:
    """Name of the output with the new state."""
    return f"{name}/kept"


def factor(norm: int) -> str:
    """Name of the input with the factors of a block's norm, by the norm's number."""
    return f"factor/{norm}"


def offset(norm: int) -> str:
    """The same for the offsets."""
    return f"offset/{norm}"


def look_ahead(block: ResidualBlock) -> int:
    """Positions by which a block's output lags behind its input."""
    return sum(_width(each) // 2 for layer in block.layers for each in layer.filters)


def block_model(block: ResidualBlock) -> PartModel:
    """A residual block."""
    builder = _Builder()
    builder.block(block, INPUT)
    return builder.finished()


def source_model(source_filter: Filter, stride: int, block: ResidualBlock) -> PartModel:
    """What a stage makes of the harmonic source: a convolution without padding, and a residual block."""
    builder = _Builder()
    filtered = builder.convolution(INPUT, source_filter, {"strides": (1, stride)})
    builder.block(block, filtered)
    return builder.finished()


def upsampling_model(upsampling: Filter, rate: int, averaged: int) -> PartModel:
    """Activation and upsampling of the sum of `averaged` blocks, and the addition of the source.

    The input has one position of context on each side.
    """
    builder = _Builder()
    builder.constants["slope"] = np.full(1, _SLOPE, np.float32)
    activated = builder.node("PRelu", INPUT, "slope")
    # The average of blocks: the factor may follow the activation.
    weights = upsampling.weights[:, :, None] / np.float32(averaged)
    cut = rate + rate // 2
    attributes = {"strides": (1, rate), "kernel_shape": (1, 2 * rate), "pads": (0, cut, 0, cut)}
    upsampled = builder.weighted("ConvTranspose", activated, weights, upsampling.bias, attributes)
    builder.node("Add", upsampled, ADDED, output=OUTPUT)
    return builder.finished((INPUT, ADDED))


def waveform_model(spectrum_filter: Filter, averaged: int) -> PartModel:
    """Samples of the sum of `averaged` blocks.

    The input has `SPECTRUM_CONTEXT` positions of context on each side, and before them `OVERLAPPING` more.
    """
    builder = _Builder()
    weights = Filter(spectrum_filter.weights / np.float32(averaged), spectrum_filter.bias)
    spectrum = builder.convolution(builder.node("LeakyRelu", INPUT), weights)
    half = len(spectrum_filter.bias) // 2
    magnitude = builder.node("Exp", builder.sliced(spectrum, 0, half, axis=1))
    phase = builder.node("Sin", builder.sliced(spectrum, half, _END, axis=1))
    parts = [builder.node("Mul", magnitude, builder.node(each, phase)) for each in ("Cos", "Sin")]
    joined = builder.concatenated(parts, axis=1)
    cut = FRAME - HOP
    attributes = {"strides": (1, HOP), "kernel_shape": (1, FRAME), "pads": (0, cut, 0, cut)}
    builder.weighted("ConvTranspose", joined, _inverse_basis(), None, attributes, output=OUTPUT)
    return builder.finished()


def _inverse_basis() -> Floats:
    """The inverse Fourier transform of overlapping Hann windows, [2 * frequencies, 1, 1, samples]."""
    window = np.hanning(FRAME + 1)[:-1]
    frequencies = np.eye(FRAME // 2 + 1)
    basis = np.concatenate([np.fft.irfft(frequencies), np.fft.irfft(1j * frequencies)])
    overlap = np.sum(window.reshape(-1, HOP) ** 2, axis=0)[0]
    return np.ascontiguousarray((basis * window / overlap)[:, None, None], np.float32)


def _width(convolution: Filter) -> int:
    """Positions that a convolution needs besides the one that it computes."""
    return (convolution.kernel - 1) * convolution.dilation


class _Builder:
    """Collects the nodes of a part."""

    def __init__(self) -> None:
        self.constants: dict[str, npt.NDArray[Any]] = {}
        self._nodes: list[Node] = []
        self._state: dict[str, tuple[int, ...]] = {}
        self._affine: list[str] = []
        self._channels = 0

    def finished(self, inputs: Sequence[str] = (INPUT,)) -> PartModel:
        """The model of all nodes."""
        outputs = (OUTPUT, *map(kept, self._state))
        names = (*inputs, *self._affine, *self._state)
        graph = new_graph(self._nodes, self.constants, outputs)
        model = graph.part(graph.nodes, dict.fromkeys(names, schema.FLOAT32), outputs)
        return PartModel(tuple(model), self._state)

    def node(
        self,
        operation: str,
        *inputs: str,
        output: str | None = None,
        attributes: Mapping[str, int | Sequence[int]] | None = None,
    ) -> str:
        """Add a node and return the name of its output."""
        name = output or f"{operation}/{len(self._nodes)}"
        self._nodes.append(new_node(operation, inputs, name, attributes))
        return name

    def block(self, block: ResidualBlock, given: str) -> None:
        """Add a residual block."""
        for number, layer in enumerate(block.layers):
            inner = given
            for place, (norm, each) in enumerate(zip(layer.norms, layer.filters, strict=True)):
                inner = self._activated(inner, norm, 2 * number + place)
                inner = self.convolution(
                    self._with_earlier(inner, _width(each)), _divided(each, norm)
                )
            lag = sum(_width(each) // 2 for each in layer.filters)
            delayed = self.sliced(self._with_earlier(given, lag), 0, -lag)
            output = OUTPUT if layer is block.layers[-1] else None
            given = self.node("Add", inner, delayed, output=output)

    def convolution(
        self, given: str, each: Filter, attributes: Mapping[str, int | Sequence[int]] | None = None
    ) -> str:
        """Add a convolution without padding."""
        given_attributes = {
            "kernel_shape": (1, each.kernel),
            "dilations": (1, each.dilation),
            **(attributes or {}),
        }
        return self.weighted("Conv", given, each.weights[:, :, None], each.bias, given_attributes)

    def weighted(
        self,
        operation: str,
        given: str,
        weights: Floats,
        bias: Floats | None,
        attributes: Mapping[str, int | Sequence[int]],
        output: str | None = None,
    ) -> str:
        """Add a layer with weights."""
        names = [f"weights/{len(self._nodes)}"]
        self.constants[names[0]] = weights
        if bias is not None:
            names.append(f"bias/{len(self._nodes)}")
            self.constants[names[1]] = bias
        return self.node(operation, given, *names, output=output, attributes=attributes)

    def sliced(self, given: str, start: int, stop: int, axis: int = 3) -> str:
        """Add a slice along an axis."""
        names = [self._integer(each) for each in (start, stop, axis)]
        return self.node("Slice", given, *names)

    def concatenated(self, given: Sequence[str], axis: int = 3) -> str:
        """Add a concatenation along an axis."""
        return self.node("Concat", *given, attributes={"axis": axis})

    def _integer(self, value: int) -> str:
        name = f"integer/{value}"
        self.constants[name] = np.array([value], np.int64)
        return name

    def _with_earlier(self, given: str, count: int) -> str:
        """The `count` positions before, and the given ones; the last are kept for the next call."""
        channels = self._channels
        name = f"state/{len(self._state)}"
        self._state[name] = (1, channels, 1, count)
        whole = self.concatenated([name, given])
        self.node("Slice", whole, *map(self._integer, (-count, _END, 3)), output=kept(name))
        return whole

    def _activated(self, given: str, norm: Norm, number: int) -> str:
        self._channels = len(norm.alpha)
        self.constants["mean"] = np.zeros(self._channels, np.float32)
        self.constants["variance"] = np.full(self._channels, 1 - NORM_EPSILON, np.float32)
        affine = [factor(number), offset(number)]
        self._affine += affine
        scaled = self.node("BatchNormalization", given, *affine, "mean", "variance")
        wave = self.node("Sin", scaled)
        return self.node("Add", scaled, self.node("Mul", wave, wave))


def _divided(each: Filter, norm: Norm) -> Filter:
    """The convolution of an activation that is given times alpha."""
    return Filter(each.weights / norm.alpha[None, :, None], each.bias, each.dilation)
