"""Regions of a graph, what replaces them, and the check that both give the same result."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.onnx_file import schema
from wyoming_voice_stack.onnx_file.building import Attribute, new_constant, new_node
from wyoming_voice_stack.onnx_file.graph import WITH_SUBGRAPHS, Graph
from wyoming_voice_stack.onnx_file.nodes import Node
from wyoming_voice_stack.tts.engines.inference_sessions import session_from_bytes

MAX_DIFFERENCE = 1e-4
"""Largest difference between a region's result and its replacement's: both round differently."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Region:
    """The nodes that compute `output` from `inputs` and constants."""

    nodes: frozenset[Node]
    inputs: tuple[str, ...]
    """In the order of the nodes that compute them."""
    output: str


@dataclass(frozen=True)
class Replacement:
    """Nodes that compute the output of a region from its inputs."""

    region: Region
    nodes: tuple[Node, ...]
    examples: Mapping[str, Floats]
    """Values of the region's inputs for the check."""


class NodeWriter:
    """Collects new nodes and constants."""

    def __init__(self, prefix: str) -> None:
        self.constants: dict[str, memoryview] = {}
        self._prefix = prefix
        self._nodes: list[Node] = []
        self._names = itertools.count()

    def take(self) -> tuple[Node, ...]:
        """The nodes added since the last call."""
        taken, self._nodes = tuple(self._nodes), []
        return taken

    def constant(self, values: npt.ArrayLike) -> str:
        """Add a constant of float32, int8 or int64 and return its name."""
        array = np.asarray(values)
        name = f"{self._prefix}/constant/{len(self.constants)}"
        if array.dtype != np.int8:
            array = array.astype(np.float32 if array.dtype.kind == "f" else np.int64)
        self.constants[name] = new_constant(name, array)
        return name

    def add(
        self,
        operation: str,
        *inputs: str,
        output: str | None = None,
        attributes: Mapping[str, Attribute] | None = None,
    ) -> str:
        """Add a node and return the name of its output."""
        name = output or f"{self._prefix}/{operation}/{next(self._names)}"
        self._nodes.append(new_node(operation, inputs, name, attributes))
        return name

    def add_several(self, operation: str, *inputs: str, outputs: int) -> tuple[str, ...]:
        """Add a node with several outputs and return their names."""
        number = next(self._names)
        names = tuple(f"{self._prefix}/{operation}/{number}.{each}" for each in range(outputs))
        self._nodes.append(new_node(operation, inputs, names))
        return names


def region_before(
    graph: Graph, output: str, is_input: Callable[[Node], bool], known: Collection[str] = ()
) -> Region | None:
    """The region up to the tensors that are computed by a node that `is_input` selects.

    None if it reaches an input of the whole model. Tensors in `known` are inputs as well.
    """
    found: set[Node] = set()
    inputs: set[str] = set()
    waiting = [output]
    while waiting:
        name = waiting.pop()
        if name in graph.constants:
            continue
        node = graph.producers.get(name)
        if name in known or (node is not None and name != output and is_input(node)):
            inputs.add(name)
        elif node is None:
            return None
        elif node not in found:
            found.add(node)
            waiting += node.inputs
    ordered = tuple(name for name in graph.producers if name in inputs)
    return Region(frozenset(found), ordered, output)


def with_replacements(
    graph: Graph, replacements: Iterable[Replacement], constants: Mapping[str, memoryview]
) -> Graph:
    """A graph in which each region's last node gives way to the new nodes."""
    new = {graph.producers[each.region.output]: each.nodes for each in replacements if each.nodes}
    nodes = tuple(node for old in graph.nodes for node in new.get(old, (old,)))
    initializers = {**graph.initializers, **constants}
    return dataclasses.replace(graph, nodes=nodes, initializers=initializers)


def pruned(graph: Graph) -> Graph:
    """The graph without the nodes that its outputs do not depend on; unchanged if it has subgraphs."""
    if any(node.operation in WITH_SUBGRAPHS for node in graph.nodes):
        return graph
    needed = set(graph.outputs)
    kept = []
    for node in reversed(graph.nodes):
        if not needed.isdisjoint(node.outputs):
            needed.update(node.inputs)
            kept.append(node)
    return dataclasses.replace(graph, nodes=tuple(reversed(kept)))


def checked(
    graph: Graph, replacements: Sequence[Replacement], constants: Mapping[str, memoryview]
) -> Graph | None:
    """The graph with these replacements; None if they compute something else.

    Raises:
        Exception: ONNX Runtime cannot run a region with the examples.
    """
    changed = with_replacements(graph, replacements, constants)
    examples = {name: values for each in replacements for name, values in each.examples.items()}
    outputs = [each.region.output for each in replacements]
    old = [node for node in graph.nodes if any(node in each.region.nodes for each in replacements)]
    new = [node for each in replacements for node in each.nodes]
    before = _results(graph, old, examples, outputs)
    after = _results(changed, new, examples, outputs)
    equal = all(
        one.shape == other.shape and float(np.abs(one - other).max(initial=0.0)) <= MAX_DIFFERENCE
        for one, other in zip(before, after, strict=True)
    )
    return changed if equal else None


def _results(
    graph: Graph, nodes: Sequence[Node], examples: Mapping[str, Floats], outputs: Sequence[str]
) -> list[npt.NDArray[Any]]:
    kinds = dict.fromkeys(examples, schema.FLOAT32)
    session = session_from_bytes(graph.part(nodes, kinds, outputs))
    used = {each.name for each in session.get_inputs()}
    feeds = {name: values for name, values in examples.items() if name in used}
    results: list[npt.NDArray[Any]] = session.run(list(outputs), feeds)
    return results
