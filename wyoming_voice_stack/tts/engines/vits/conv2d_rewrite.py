"""Rewriting 1-D convolutions as 2-D ones of height 1, which ONNX Runtime computes faster.

ONNX Runtime has a blocked channel layout (NCHWc, as wide as a register) for 2-D convolutions only. It
adds the same products in another order, so results differ by rounding.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np

from wyoming_voice_stack.onnx_file.building import new_constant, new_node
from wyoming_voice_stack.onnx_file.graph import Graph
from wyoming_voice_stack.onnx_file.nodes import Node

MIN_CHANNELS = 16
"""A layer with fewer input or output channels gains nothing: they would be padded to a block."""

_TO_2D, _TO_1D = "wyoming_voice_stack/to_2d", "wyoming_voice_stack/to_1d"
_SHAPES = {_TO_2D: (0, 0, 1, -1), _TO_1D: (0, 0, -1)}
"""Targets of Reshape for [batch, channels, time]; 0 keeps a size, -1 stands for what remains."""


def rewrite_convolutions(graph: Graph, nodes: Iterable[Node]) -> tuple[Graph, tuple[Node, ...]]:
    """Return a graph in which those of `nodes` that gain are 2-D convolutions, and the new nodes.

    `nodes` are those of a part found by `partition`: all their convolutions keep the length and have
    the attribute `kernel_shape`.
    """
    weights = graph.weights()
    added = {name: new_constant(name, np.array(shape, np.int64)) for name, shape in _SHAPES.items()}
    replaced: dict[Node, tuple[Node, ...]] = {}
    for node in nodes:
        values = weights.get(node.inputs[1]) if node.operation == "Conv" else None
        if values is None or not _is_faster_in_2d(node, values.shape):
            replaced[node] = (node,)
            continue
        name = f"{node.inputs[1]}/as_2d"
        added[name] = new_constant(name, values[:, :, None])
        replaced[node] = _convolution_2d(node, name)
    everything = [new for old in graph.nodes for new in replaced.get(old, (old,))]
    changed = dataclasses.replace(
        graph, nodes=tuple(everything), initializers={**graph.initializers, **added}
    )
    return changed, tuple(new for each in replaced.values() for new in each)


def _is_faster_in_2d(node: Node, shape: tuple[int, ...]) -> bool:
    """Whether a layer with weights of this shape, [channels out, channels in, kernel], gains."""
    if len(shape) != 3 or node.integer("group", 1) != 1:  # noqa: PLR2004
        return False
    return min(shape[:2]) >= MIN_CHANNELS and shape[2] > 1


def _convolution_2d(node: Node, weights: str) -> tuple[Node, ...]:
    (result,) = node.outputs
    before, after = f"{result}/input_2d", f"{result}/output_2d"
    pads = node.integers.get("pads", (0, 0))
    attributes = {
        "kernel_shape": (1, *node.integers["kernel_shape"]),
        "dilations": (1, *node.integers.get("dilations", (1,))),
        "pads": (0, pads[0], 0, pads[1]),
    }
    return (
        new_node("Reshape", (node.inputs[0], _TO_2D), before),
        new_node("Conv", (before, weights, *filter(None, node.inputs[2:])), after, attributes),
        new_node("Reshape", (after, _TO_1D), result),
    )
