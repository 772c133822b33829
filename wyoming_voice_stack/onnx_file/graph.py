"""An ONNX file as a graph of nodes, from which parts can be taken."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.onnx_file import schema
from wyoming_voice_stack.onnx_file.nodes import Node, read_node
from wyoming_voice_stack.onnx_file.protobuf import (
    BYTES,
    bytes_field,
    fields,
    integer_field,
    integers,
    key_and_length,
    text,
)

_NEVER_CONSTANT = frozenset(
    {
        *("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"),
        *("Multinomial", "Bernoulli", "Dropout"),
        # Their inner graphs may ask for tensors that are not among their inputs.
        *("If", "Loop", "Scan"),
    }
)

Chunk = bytes | memoryview


@dataclass(frozen=True)
class Graph:
    """A model; its memory is the file's."""

    nodes: tuple[Node, ...]
    """In an order in which they can be computed."""
    initializers: Mapping[str, memoryview]
    """Weights and other constants: name -> the graph's field with its TensorProto."""
    inputs: Mapping[str, memoryview]
    outputs: tuple[str, ...]
    heading: tuple[memoryview, ...]
    """Fields of the model beside its graph, such as the operators' version."""

    @cached_property
    def producers(self) -> Mapping[str, Node]:
        """Who makes a tensor."""
        return {name: node for node in self.nodes for name in node.outputs if name}

    @cached_property
    def constants(self) -> frozenset[str]:
        """Tensors that are the same for every sentence."""
        known = {*self.initializers, ""}
        for node in self.nodes:
            if node.operation not in _NEVER_CONSTANT and known.issuperset(node.inputs):
                known.update(node.outputs)
        return frozenset(known)

    def constant_integers(self, name: str) -> tuple[int, ...] | None:
        """A constant's value if it is made of 64 bit integers."""
        tensor = self.initializers.get(name)
        if tensor is None and name in self.producers:
            tensor = self.producers[name].tensor
        elif tensor is not None:
            tensor = next(fields(tensor)).content
        return None if tensor is None else _int64s(tensor)

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """All float32 initializers in the file's order, each in its shape; views of its memory.

        Raises:
            ValueError: the values of one do not fill its shape.
        """
        found = {
            name: _float32s(next(fields(raw)).content) for name, raw in self.initializers.items()
        }
        return {name: values for name, values in found.items() if values is not None}

    def part(
        self, nodes: Collection[Node], inputs: Mapping[str, int], outputs: Sequence[str]
    ) -> Iterator[Chunk]:
        """The file of a model of these nodes, piece by piece.

        `inputs` are new ones, with ONNX's number of their element type; those of the whole model
        are inputs of the part where it asks for them. Shapes are left for the runtime to find.
        """
        kept = self._with_constants(nodes)
        asked = {name for node in kept for name in node.inputs}
        graph: list[Chunk] = [node.raw for node in kept]
        graph += [raw for name, raw in self.initializers.items() if name in asked]
        graph.append(bytes_field(schema.GRAPH_NAME, b"part"))
        graph += [raw for name, raw in self.inputs.items() if name in asked]
        graph += [
            bytes_field(schema.INPUT, _value_info(name, kind))
            for name, kind in inputs.items()
            if name in asked
        ]
        graph += [bytes_field(schema.OUTPUT, _value_info(name, None)) for name in outputs]
        yield from self.heading
        yield key_and_length(schema.MODEL_GRAPH, sum(map(len, graph)))
        yield from graph

    def _with_constants(self, nodes: Collection[Node]) -> list[Node]:
        """These nodes and those that make constants for them, in the graph's order."""
        wanted = set(nodes)
        asked = {name for node in nodes for name in node.inputs}
        for node in reversed(self.nodes):
            if any(name in asked and name in self.constants for name in node.outputs):
                wanted.add(node)
                asked.update(node.inputs)
        return [node for node in self.nodes if node in wanted]


def read_graph(model: memoryview) -> Graph:
    """Read an ONNX file.

    Raises:
        ValueError: it is damaged, or no ONNX file.
    """
    heading, graphs = [], []
    for each in fields(model):
        if each.number == schema.MODEL_GRAPH:
            graphs.append(each.content)
        else:
            heading.append(each.raw)
    nodes: list[Node] = []
    initializers: dict[str, memoryview] = {}
    inputs: dict[str, memoryview] = {}
    outputs: list[str] = []
    for each in (each for graph in graphs for each in fields(graph)):
        if each.wire_type != BYTES:
            continue
        if each.number == schema.NODE:
            nodes.append(read_node(each))
        elif each.number == schema.INITIALIZER:
            initializers[_name(each.content, schema.TENSOR_NAME)] = each.raw
        elif each.number == schema.INPUT:
            inputs[_name(each.content, schema.VALUE_NAME)] = each.raw
        elif each.number == schema.OUTPUT:
            outputs.append(_name(each.content, schema.VALUE_NAME))
    return Graph(tuple(nodes), initializers, inputs, tuple(outputs), tuple(heading))


def _int64s(tensor: memoryview) -> tuple[int, ...] | None:
    kind, values = 0, list[int]()
    for each in fields(tensor):
        if each.number == schema.TENSOR_DATA_TYPE:
            kind = each.integer
        elif each.number == schema.TENSOR_INT64:
            values += integers(each)
        elif each.number == schema.TENSOR_RAW:
            values += struct.unpack(f"<{len(each.content) // 8}q", each.content)
    return tuple(values) if kind == schema.INT64 else None


def _float32s(tensor: memoryview) -> npt.NDArray[np.float32] | None:
    kind, raw, shape = 0, memoryview(b""), list[int]()
    for each in fields(tensor):
        if each.number == schema.TENSOR_SHAPE:
            shape += integers(each)
        elif each.number == schema.TENSOR_DATA_TYPE:
            kind = each.integer
        elif each.number == schema.TENSOR_RAW:
            raw = each.content
    return np.frombuffer(raw, "<f4").reshape(shape) if kind == schema.FLOAT32 and raw else None


def _name(message: memoryview, number: int) -> str:
    return next((text(each.content) for each in fields(message) if each.number == number), "")


def _value_info(name: str, kind: int | None) -> bytes:
    named = bytes_field(schema.VALUE_NAME, name.encode())
    if kind is None:
        return named
    tensor = bytes_field(schema.TYPE_TENSOR, integer_field(schema.TENSOR_ELEMENT, kind))
    return named + bytes_field(schema.VALUE_TYPE, tensor)
