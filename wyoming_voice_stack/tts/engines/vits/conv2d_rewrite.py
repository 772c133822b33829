"""Convolutions over time, written as ones over a plane that is one row high.

ONNX Runtime has a faster way for planes only: channels in blocks as wide as a register. It adds the same
products in another order.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import numpy as np

from wyoming_voice_stack.onnx_file.building import new_constant, new_node
from wyoming_voice_stack.onnx_file.graph import Graph
from wyoming_voice_stack.onnx_file.nodes import Node

FEWEST_CHANNELS = 16
"""Of a layer, in and out. Fewer would be filled up to a block."""

_TO_PLANE, _TO_LINE = "wyoming_voice_stack/to_plane", "wyoming_voice_stack/to_line"
_SHAPES = {_TO_PLANE: (0, 0, 1, -1), _TO_LINE: (0, 0, -1)}
"""What becomes of [batch, channels, time]; 0 is the size that is there, -1 all the rest."""


def in_planes(graph: Graph, nodes: Iterable[Node]) -> tuple[Graph, tuple[Node, ...]]:
    """A graph whose `nodes` convolve in planes where that is faster, and what became of these.

    They are of a part that `cut` found: all convolutions in it keep the length, and tell their kernel.
    """
    weights = graph.weights()
    added = {name: new_constant(name, np.array(shape, np.int64)) for name, shape in _SHAPES.items()}
    replaced: dict[Node, tuple[Node, ...]] = {}
    for node in nodes:
        values = weights.get(node.inputs[1]) if node.operation == "Conv" else None
        if values is None or not _gains(node, values.shape):
            replaced[node] = (node,)
            continue
        plane = f"{node.inputs[1]} of a plane"
        added[plane] = new_constant(plane, values[:, :, None])
        replaced[node] = _planar(node, plane)
    everything = [new for old in graph.nodes for new in replaced.get(old, (old,))]
    changed = dataclasses.replace(
        graph, nodes=tuple(everything), initializers={**graph.initializers, **added}
    )
    return changed, tuple(new for each in replaced.values() for new in each)


def _gains(node: Node, shape: tuple[int, ...]) -> bool:
    """Whether a layer with weights [channels out, channels in, kernel] does."""
    if len(shape) != 3 or node.integer("group", 1) != 1:  # noqa: PLR2004
        return False
    return min(shape[:2]) >= FEWEST_CHANNELS and shape[2] > 1


def _planar(node: Node, weights: str) -> tuple[Node, ...]:
    (result,) = node.outputs
    before, after = f"{result} before, as a plane", f"{result} as a plane"
    pads = node.integers.get("pads", (0, 0))
    attributes = {
        "kernel_shape": (1, *node.integers["kernel_shape"]),
        "dilations": (1, *node.integers.get("dilations", (1,))),
        "pads": (0, pads[0], 0, pads[1]),
    }
    return (
        new_node("Reshape", (node.inputs[0], _TO_PLANE), before),
        new_node("Conv", (before, weights, *filter(None, node.inputs[2:])), after, attributes),
        new_node("Reshape", (after, _TO_LINE), result),
    )
