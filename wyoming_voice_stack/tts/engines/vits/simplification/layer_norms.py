"""Layer norms as one operation each instead of nine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from wyoming_voice_stack.onnx_file.graph import Graph
from wyoming_voice_stack.onnx_file.nodes import Node
from wyoming_voice_stack.tts.engines.vits.simplification.graph_region import (
    NodeWriter,
    Replacement,
    region_before,
)

EPSILON = 1e-5
"""Added to the variance by all VITS models."""

_OPERATIONS = Counter(
    {"ReduceMean": 2, "Add": 2, **dict.fromkeys(("Sub", "Pow", "Sqrt", "Div", "Mul"), 1)}
)
_BACK = ("Add", "Mul", "Div", "Sub")
"""Operations from the result back to what is normalized."""
_POSITIONS = 12
_SMALL = 0.003
"""Deviation of the examples: their variance is about `EPSILON`, which so has to be right."""


def layer_norms(graph: Graph, masks: frozenset[str], writer: NodeWriter) -> Iterator[Replacement]:
    """Each `(x - mean) / sqrt(variance + epsilon) * scale + bias` over the last axis."""
    del masks
    weights = graph.weights()
    numbers = np.random.default_rng(0)
    for node in graph.nodes:
        chain = _chain_back(graph, node)
        if not chain:
            continue
        given = chain[-1].inputs[0]
        region = region_before(graph, node.outputs[0], lambda _: False, {given})
        operations = Counter(each.operation for each in region.nodes) if region else None
        vectors = [
            next((name for name in each.inputs if name in weights), "") for each in chain[1::-1]
        ]
        if region is None or operations != _OPERATIONS or not all(vectors):
            continue
        (channels,) = weights[vectors[0]].shape
        example = numbers.normal(0, _SMALL, (1, _POSITIONS, channels)).astype(np.float32)
        attributes = {"epsilon": EPSILON}
        writer.add(
            "LayerNormalization", given, *vectors, output=region.output, attributes=attributes
        )
        yield Replacement(region, writer.take(), {given: example})


def _chain_back(graph: Graph, node: Node) -> Sequence[Node]:
    """The nodes of `_BACK` that end in `node`; none if it does not end a norm."""
    chain = [node] if node.operation == _BACK[0] else []
    for operation in _BACK[1:]:
        before = [graph.producers.get(name) for name in chain[-1].inputs] if chain else []
        chain += [each for each in before if each is not None and each.operation == operation][:1]
    return chain if tuple(each.operation for each in chain) == _BACK else ()
