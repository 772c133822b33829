"""Removing the masks of sequences in a batch: a batch of one sentence has no padding to mask."""

from __future__ import annotations

import dataclasses

from wyoming_voice_stack.onnx_file.building import new_node
from wyoming_voice_stack.onnx_file.graph import Graph
from wyoming_voice_stack.onnx_file.nodes import Node

LENGTHS = "input_lengths"
"""Input with the number of phonemes of each sentence."""
PHONEMES = "input"
"""Input with the phonemes; what does not depend on it has no time axis."""

_KEEPS_ONES = frozenset({"Cast", "Unsqueeze", "Squeeze", "Transpose", "Mul"})
"""Operations that make ones of ones."""


def sequence_masks(graph: Graph) -> frozenset[str]:
    """Tensors that are one everywhere if the batch is one sentence of full length."""
    masks: set[str] = set()
    for node in graph.nodes:
        variable = [name for name in node.inputs if name not in graph.constants]
        if (node.operation == "Less" and _compares_positions(graph, node)) or (
            node.operation in _KEEPS_ONES
            and variable
            and masks.issuperset(variable)
            and (node.operation != "Mul" or len(variable) == len(node.inputs))
        ):
            masks.update(node.outputs)
    return frozenset(masks)


def without_masks(graph: Graph, masks: frozenset[str]) -> Graph:
    """The graph in which nothing is multiplied by one of these masks."""
    in_time = _dependent(graph, PHONEMES)
    nodes = tuple(_unmasked(node, masks, in_time) for node in graph.nodes)
    return dataclasses.replace(graph, nodes=nodes)


def _unmasked(node: Node, masks: frozenset[str], in_time: set[str]) -> Node:
    data = [name for name in node.inputs if name not in masks]
    # A mask would lengthen what has no time axis.
    if node.operation != "Mul" or len(data) != 1 or data[0] not in in_time:
        return node
    return new_node("Identity", data, node.outputs[0])


def _compares_positions(graph: Graph, node: Node) -> bool:
    """Whether a node is `range(longest) < lengths`."""
    positions, lengths = (_before_unsqueeze(graph, name) for name in node.inputs)
    counted = graph.producers.get(positions)
    if counted is None or counted.operation != "Range":
        return False
    longest = graph.producers.get(counted.inputs[1])
    if longest is None:
        return False
    if lengths == LENGTHS:
        return longest.operation == "Gather" and _is_shape(graph, longest.inputs[0])
    return longest.operation == "ReduceMax" and longest.inputs[0] == lengths


def _is_shape(graph: Graph, name: str) -> bool:
    node = graph.producers.get(name)
    return node is not None and node.operation == "Shape"


def _before_unsqueeze(graph: Graph, name: str) -> str:
    node = graph.producers.get(name)
    return node.inputs[0] if node is not None and node.operation == "Unsqueeze" else name


def _dependent(graph: Graph, name: str) -> set[str]:
    found = {name}
    for node in graph.nodes:
        if not found.isdisjoint(node.inputs):
            found.update(node.outputs)
    return found
