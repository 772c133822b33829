"""Attention with relative positions, computed only where the positions are near enough to count.

VITS learns embeddings for distances of up to `w` phonemes. Exported models multiply by embeddings for all
`2 * length - 1` distances, which are padded with zeros, and bring the products in place by padding and
reshaping. Here, the `2 * w + 1` products of each position are gathered into their places.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wyoming_voice_stack.onnx_file import schema
from wyoming_voice_stack.onnx_file.graph import Graph
from wyoming_voice_stack.onnx_file.nodes import Node
from wyoming_voice_stack.tts.engines.vits.simplification.graph_region import (
    Floats,
    NodeWriter,
    Region,
    Replacement,
    region_before,
)

_EXAMPLE_LENGTH = 12
_PROJECTIONS = 3
"""Query, key and value."""
_EMBEDDINGS, _EMBEDDING_AXES = 2, 3
"""One for the keys, one for the values: [1, 2 * w + 1, channels of a head]."""


@dataclass(frozen=True)
class _Attention:
    region: Region
    projections: tuple[str, ...]
    """Query, key and value, [1, channels, length]."""
    keys: Floats
    values: Floats
    """Embeddings of the distances -w to w, [2 * w + 1, channels of a head]."""
    channels: int

    @property
    def heads(self) -> int:
        return self.channels // int(self.keys.shape[1])


@dataclass(frozen=True)
class _Indexes:
    """Tensors that all layers share; distances are limited to -w - 1 to w + 1."""

    distances: str
    """Number of the distance between two positions, [1, heads, length, length]."""
    neighbours: str
    """Position at each distance of -w to w from a position, [1, heads, length, 2 * w + 1]."""
    exists: str
    """1 where that position exists, 0 otherwise, [length, 2 * w + 1]."""


def relative_attentions(
    graph: Graph, masks: frozenset[str], writer: NodeWriter
) -> Iterator[Replacement]:
    """Each layer's nodes between its projections and the convolution of its result."""
    numbers = np.random.default_rng(1)
    weights = graph.weights()
    indexes: dict[tuple[int, int], _Indexes] = {}
    for node in graph.nodes:
        found = _attention(graph, node, masks, weights) if node.operation == "Conv" else None
        if found is None:
            continue
        shape = (found.heads, len(found.keys))
        if shape not in indexes:
            indexes[shape] = _write_indexes(writer, found)
        _write_attention(writer, found, indexes[shape])
        length = _EXAMPLE_LENGTH
        examples = {name: np.ones((1, 1, length), np.float32) for name in found.region.inputs}
        for name in found.projections:
            examples[name] = numbers.normal(0, 1, (1, found.channels, length)).astype(np.float32)
        yield Replacement(found.region, writer.take(), examples)


def _attention(
    graph: Graph, after: Node, masks: frozenset[str], weights: dict[str, Floats]
) -> _Attention | None:
    """The attention whose result this convolution takes; None if it takes something else."""
    region = region_before(graph, after.inputs[0], lambda node: node.operation == "Conv", masks)
    if region is None or all(node.operation != "Softmax" for node in region.nodes):
        return None
    projections = tuple(name for name in region.inputs if name not in masks)
    ordered = (name for node in graph.nodes if node in region.nodes for name in node.inputs)
    embeddings = [weights[name] for name in dict.fromkeys(ordered) if name in weights]
    embeddings = [each[0] for each in embeddings if each.ndim == _EMBEDDING_AXES]
    kernel = weights.get(after.inputs[1])
    if len(projections) != _PROJECTIONS or len(embeddings) != _EMBEDDINGS or kernel is None:
        return None
    keys, values = embeddings
    return _Attention(region, projections, keys, values, int(kernel.shape[1]))


def _write_indexes(writer: NodeWriter, found: _Attention) -> _Indexes:
    distances, reach = len(found.keys), len(found.keys) // 2
    shape = writer.add("Shape", found.projections[0])
    length = writer.add("Gather", shape, writer.constant(2))
    positions = writer.add("Range", writer.constant(0), length, writer.constant(1))
    column = writer.add("Unsqueeze", positions, writer.constant([1]))
    row = writer.add("Unsqueeze", positions, writer.constant([0]))
    difference = writer.add("Sub", row, column)
    number = writer.add("Add", difference, writer.constant(reach + 1))
    limited = writer.add("Clip", number, writer.constant(0), writer.constant(distances + 1))
    neighbour = writer.add("Add", column, writer.constant(np.arange(-reach, reach + 1)))
    last = writer.add("Sub", length, writer.constant(1))
    within = writer.add("Clip", neighbour, writer.constant(0), last)
    exists = writer.add(
        "Cast", writer.add("Equal", neighbour, within), attributes={"to": schema.FLOAT32}
    )
    lengths = writer.add("Unsqueeze", length, writer.constant([0]))
    heads = writer.constant([1, found.heads])
    square = writer.add("Concat", heads, lengths, lengths, attributes={"axis": 0})
    band = writer.add(
        "Concat", heads, lengths, writer.constant([distances]), attributes={"axis": 0}
    )
    return _Indexes(
        writer.add("Expand", limited, square), writer.add("Expand", within, band), exists
    )


def _write_attention(writer: NodeWriter, found: _Attention, indexes: _Indexes) -> None:
    size = found.keys.shape[1]
    in_heads = writer.constant([1, found.heads, size, -1])
    query, key, value = (writer.add("Reshape", each, in_heads) for each in found.projections)
    queries = writer.add("Transpose", query, attributes={"perm": (0, 1, 3, 2)})
    scale = np.float32(1 / math.sqrt(size))
    products = writer.add("MatMul", queries, key)
    scores = writer.add("Mul", products, writer.constant(scale))
    # A row of zeros on each side stands for all distances beyond.
    embeddings = np.pad(found.keys, ((1, 1), (0, 0))).T * scale
    by_distance = writer.add("MatMul", queries, writer.constant(embeddings))
    along_last = {"axis": 3}
    biases = writer.add("GatherElements", by_distance, indexes.distances, attributes=along_last)
    biased = writer.add("Add", scores, biases)
    shares = writer.add("Softmax", biased, attributes=along_last)
    turned = writer.add("Transpose", shares, attributes={"perm": (0, 1, 3, 2)})
    attended = writer.add("MatMul", value, turned)
    near = writer.add("GatherElements", shares, indexes.neighbours, attributes=along_last)
    existing = writer.add("Mul", near, indexes.exists)
    turned_near = writer.add("Transpose", existing, attributes={"perm": (0, 1, 3, 2)})
    relative = writer.add("MatMul", writer.constant(found.values.T), turned_near)
    total = writer.add("Add", attended, relative)
    flat = writer.constant([1, found.channels, -1])
    writer.add("Reshape", total, flat, output=found.region.output)
