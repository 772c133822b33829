"""The layers of the generator as ONNX models.

All tensors are [1, channels, 1, time]: ONNX Runtime computes convolutions over a plane faster.

A norm and the Snake activation after it, `y + sin(alpha * y) ** 2 / alpha`, are `u + sin(u) ** 2`, where
u is the input with one factor and one offset for each channel; the convolution's weights contain 1 / alpha.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.onnx_file import schema
from wyoming_voice_stack.onnx_file.building import Attribute, new_graph, new_node
from wyoming_voice_stack.onnx_file.graph import Chunk
from wyoming_voice_stack.onnx_file.nodes import Node
from wyoming_voice_stack.tts.engines.kokoro.generator.constant_values import Floats
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_weights import Filter, Norm

INPUT, OUTPUT = "input", "output"
FACTOR, OFFSET = "factor", "offset"
"""Inputs of a step: of each channel, [channels]."""
EARLIER, KEPT = "earlier", "kept"
"""Input of a step with the activations before the given positions, and output with those for its next run."""
END = "end"
"""Input of a step with zeros that follow a sentence's last position; empty before."""
ADDED = "added"
"""Input of a layer's second step that is added to the result."""

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
_BATCH_NORM_EPSILON = 1e-5
"""Added to variances by ONNX's BatchNormalization."""
_ALL = np.iinfo(np.int64).max

Model = tuple[Chunk, ...]


def step_model(norm: Norm, layer: Filter, *, adds: bool) -> Model:
    """Norm, activation and convolution, without padding: `EARLIER` and `END` contain it."""
    builder = _Builder()
    channels = len(norm.alpha)
    builder.constants["mean"] = np.zeros(channels, np.float32)
    builder.constants["variance"] = np.full(channels, 1 - _BATCH_NORM_EPSILON, np.float32)
    scaled = builder.node("BatchNormalization", INPUT, FACTOR, OFFSET, "mean", "variance")
    wave = builder.node("Sin", scaled)
    activated = builder.node("Add", scaled, builder.node("Mul", wave, wave))
    whole = builder.node("Concat", EARLIER, activated, END, attributes={"axis": 3})
    builder.sliced(whole, -layer.width, _ALL, axis=3, output=KEPT)
    divided = Filter(layer.weights / norm.alpha[None, :, None], layer.bias, layer.dilation)
    inputs = [INPUT, FACTOR, OFFSET, EARLIER, END]
    if adds:
        inputs.append(ADDED)
        builder.node("Add", builder.convolution(whole, divided), ADDED, output=OUTPUT)
    else:
        builder.convolution(whole, divided, output=OUTPUT)
    return builder.model(inputs, [OUTPUT, KEPT])


def source_model(layer: Filter, stride: int) -> Model:
    """What brings the harmonic source to a stage's rate: a convolution without padding."""
    builder = _Builder()
    builder.convolution(INPUT, layer, {"strides": (1, stride)}, output=OUTPUT)
    return builder.model()


def upsampling_model(upsampling: Filter, rate: int, averaged: int) -> Model:
    """Activation and upsampling of the sum of `averaged` blocks.

    The input has one position of context on each side.
    """
    builder = _Builder()
    activated = builder.node("LeakyRelu", INPUT, attributes={"alpha": _SLOPE})
    # The average of blocks: the factor may follow the activation.
    weights = upsampling.weights[:, :, None] / np.float32(averaged)
    cut = rate + rate // 2
    attributes = {"strides": (1, rate), "kernel_shape": (1, 2 * rate), "pads": (0, cut, 0, cut)}
    builder.weighted("ConvTranspose", activated, (weights, upsampling.bias), attributes, OUTPUT)
    return builder.model()


def waveform_model(layer: Filter, averaged: int) -> Model:
    """Samples of the sum of `averaged` blocks.

    The input has `SPECTRUM_CONTEXT` positions of context on each side, and before them `OVERLAPPING` more.
    """
    builder = _Builder()
    scaled = Filter(layer.weights / np.float32(averaged), layer.bias)
    spectrum = builder.convolution(builder.node("LeakyRelu", INPUT), scaled)
    half = len(layer.bias) // 2
    magnitude = builder.node("Exp", builder.sliced(spectrum, 0, half, axis=1))
    phase = builder.node("Sin", builder.sliced(spectrum, half, _ALL, axis=1))
    parts = [builder.node("Mul", magnitude, builder.node(each, phase)) for each in ("Cos", "Sin")]
    joined = builder.node("Concat", *parts, attributes={"axis": 1})
    cut = FRAME - HOP
    attributes = {"strides": (1, HOP), "kernel_shape": (1, FRAME), "pads": (0, cut, 0, cut)}
    builder.weighted("ConvTranspose", joined, (_inverse_basis(),), attributes, OUTPUT)
    return builder.model()


def _inverse_basis() -> Floats:
    """The inverse Fourier transform of overlapping Hann windows, [2 * frequencies, 1, 1, samples]."""
    window = np.hanning(FRAME + 1)[:-1]
    frequencies = np.eye(FRAME // 2 + 1)
    basis = np.concatenate([np.fft.irfft(frequencies), np.fft.irfft(1j * frequencies)])
    overlap = np.sum(window.reshape(-1, HOP) ** 2, axis=0)[0]
    return np.ascontiguousarray((basis * window / overlap)[:, None, None], np.float32)


class _Builder:
    """Collects the nodes and constants of a model."""

    def __init__(self) -> None:
        self.constants: dict[str, npt.NDArray[Any]] = {}
        self._nodes: list[Node] = []

    def model(self, inputs: Sequence[str] = (INPUT,), outputs: Sequence[str] = (OUTPUT,)) -> Model:
        """The model of all nodes."""
        graph = new_graph(self._nodes, self.constants, outputs)
        return tuple(graph.part(graph.nodes, dict.fromkeys(inputs, schema.FLOAT32), outputs))

    def node(
        self,
        operation: str,
        *inputs: str,
        output: str | None = None,
        attributes: Mapping[str, Attribute] | None = None,
    ) -> str:
        """Add a node and return the name of its output."""
        name = output or f"{operation}/{len(self._nodes)}"
        self._nodes.append(new_node(operation, inputs, name, attributes))
        return name

    def convolution(
        self,
        given: str,
        layer: Filter,
        attributes: Mapping[str, Attribute] | None = None,
        output: str | None = None,
    ) -> str:
        """Add a convolution without padding."""
        shape = {"kernel_shape": (1, layer.kernel), "dilations": (1, layer.dilation)}
        values = (layer.weights[:, :, None], layer.bias)
        return self.weighted("Conv", given, values, {**shape, **(attributes or {})}, output)

    def weighted(
        self,
        operation: str,
        given: str,
        values: Sequence[Floats],
        attributes: Mapping[str, Attribute],
        output: str | None = None,
    ) -> str:
        """Add a layer with weights and perhaps a bias."""
        names = [f"{place}/{len(self._nodes)}" for place in range(len(values))]
        self.constants.update(zip(names, values, strict=True))
        return self.node(operation, given, *names, output=output, attributes=attributes)

    def sliced(
        self, given: str, start: int, stop: int, axis: int, output: str | None = None
    ) -> str:
        """Add a slice along an axis."""
        names = [f"integer/{value}" for value in (start, stop, axis)]
        self.constants.update(
            (name, np.array([value], np.int64))
            for name, value in zip(names, (start, stop, axis), strict=True)
        )
        return self.node("Slice", given, *names, output=output)
