"""An ONNX file as a graph of nodes, from which parts can be extracted as new files."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

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

WITH_SUBGRAPHS = frozenset({"If", "Loop", "Scan"})
"""Operations with subgraphs, which may use tensors that are not among their inputs."""

_NEVER_CONSTANT = frozenset(
    {
        *("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"),
        *("Multinomial", "Bernoulli", "Dropout"),
        *WITH_SUBGRAPHS,
    }
)

_ELEMENTS = {
    schema.FLOAT32: "<f4",
    schema.UINT8: "u1",
    schema.INT8: "i1",
    schema.INT64: "<i8",
    schema.FLOAT16: "<f2",
}

_INTEGERS = frozenset({schema.UINT8, schema.INT8, schema.INT64})

Chunk = bytes | memoryview


@dataclass(frozen=True)
class Graph:
    """A model; all contents are views of the file's memory."""

    nodes: tuple[Node, ...]
    """In topological order."""
    initializers: Mapping[str, memoryview]
    """Weights and other constants: name -> the graph's field with the TensorProto."""
    inputs: Mapping[str, memoryview]
    outputs: tuple[str, ...]
    model_fields: tuple[memoryview, ...]
    """Fields of the model besides its graph, such as the operator sets' versions."""

    @cached_property
    def producers(self) -> Mapping[str, Node]:
        """Tensor -> the node that computes it."""
        return {name: node for node in self.nodes for name in node.outputs if name}

    @cached_property
    def constants(self) -> frozenset[str]:
        """Tensors that do not depend on the model's inputs or on random numbers."""
        known = {*self.initializers, ""}
        for node in self.nodes:
            if node.operation not in _NEVER_CONSTANT and known.issuperset(node.inputs):
                known.update(node.outputs)
        return frozenset(known)

    def constant_integers(self, name: str) -> tuple[int, ...] | None:
        """The values of a constant of 64-bit integers; None for any other tensor."""
        tensor = self.initializers.get(name)
        if tensor is None and name in self.producers:
            tensor = self.producers[name].tensor
        elif tensor is not None:
            tensor = next(fields(tensor)).content
        return None if tensor is None else _int64s(tensor)

    def weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """All float32 initializers in the file's order, as views of its memory.

        Raises:
            ValueError: the size of an initializer does not match its shape.
        """
        found = {
            name: _float32s(next(fields(raw)).content) for name, raw in self.initializers.items()
        }
        return {name: values for name, values in found.items() if values is not None}

    def stored(self, name: str) -> npt.NDArray[Any] | None:
        """The values of an initializer or `Constant`, as a view of the file's memory where possible.

        None for other tensors, for those of other element types, and for those stored outside of the file.

        Raises:
            ValueError: the size of the values does not match their shape.
        """
        raw = self.initializers.get(name)
        if raw is not None:
            return _array(next(fields(raw)).content)
        producer = self.producers.get(name)
        return _array(producer.tensor) if producer is not None and producer.tensor else None

    def part(
        self, nodes: Collection[Node], inputs: Mapping[str, int], outputs: Sequence[str]
    ) -> Iterator[Chunk]:
        """Yield the file of a model of these nodes, in chunks.

        `inputs` are new ones, name -> ONNX's number of the element type; inputs of the whole model are
        inputs of the part if it uses them. The runtime infers all shapes.
        """
        kept = self._with_constants(nodes)
        used = {name for node in kept for name in node.inputs}
        graph: list[Chunk] = [node.raw for node in kept]
        graph += [raw for name, raw in self.initializers.items() if name in used]
        graph.append(bytes_field(schema.GRAPH_NAME, b"part"))
        graph += [raw for name, raw in self.inputs.items() if name in used]
        graph += [
            bytes_field(schema.INPUT, _value_info(name, element_type))
            for name, element_type in inputs.items()
            if name in used
        ]
        graph += [bytes_field(schema.OUTPUT, _value_info(name, None)) for name in outputs]
        yield from self.model_fields
        yield key_and_length(schema.MODEL_GRAPH, sum(map(len, graph)))
        yield from graph

    def _with_constants(self, nodes: Collection[Node]) -> list[Node]:
        """These nodes and the nodes that compute constants for them, in the graph's order."""
        wanted = set(nodes)
        used = {name for node in nodes for name in node.inputs}
        for node in reversed(self.nodes):
            if any(name in used and name in self.constants for name in node.outputs):
                wanted.add(node)
                used.update(node.inputs)
        return [node for node in self.nodes if node in wanted]


def read_graph(model: memoryview) -> Graph:
    """Read an ONNX file.

    Raises:
        ValueError: the file is damaged or not an ONNX file.
    """
    model_fields, graphs = [], []
    for each in fields(model):
        if each.number == schema.MODEL_GRAPH:
            graphs.append(each.content)
        else:
            model_fields.append(each.raw)
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
    return Graph(tuple(nodes), initializers, inputs, tuple(outputs), tuple(model_fields))


def _int64s(tensor: memoryview) -> tuple[int, ...] | None:
    element_type, values, raw = 0, list[int](), memoryview(b"")
    for each in fields(tensor):
        if each.number == schema.TENSOR_DATA_TYPE:
            element_type = each.integer
        elif each.number == schema.TENSOR_INT64:
            values += integers(each)
        elif each.number == schema.TENSOR_RAW:
            raw = each.content
    if element_type != schema.INT64:
        return None
    return (*values, *struct.unpack(f"<{len(raw) // 8}q", raw))


def _float32s(tensor: memoryview) -> npt.NDArray[np.float32] | None:
    values = _array(tensor)
    return values if values is not None and values.dtype == np.float32 else None


def _array(tensor: memoryview) -> npt.NDArray[Any] | None:
    element_type, raw, shape = 0, memoryview(b""), list[int]()
    listed: list[int] = []
    for each in fields(tensor):
        if each.number == schema.TENSOR_SHAPE:
            shape += integers(each)
        elif each.number == schema.TENSOR_DATA_TYPE:
            element_type = each.integer
        elif each.number in {schema.TENSOR_RAW, schema.TENSOR_FLOATS}:
            raw = each.content
        elif each.number in {schema.TENSOR_INT32, schema.TENSOR_INT64}:
            listed += integers(each)
    if element_type not in _ELEMENTS:
        return None
    if listed and element_type in _INTEGERS:
        return np.array(listed, _ELEMENTS[element_type]).reshape(shape)
    return np.frombuffer(raw, _ELEMENTS[element_type]).reshape(shape) if raw else None


def _name(message: memoryview, number: int) -> str:
    return next((text(each.content) for each in fields(message) if each.number == number), "")


def _value_info(name: str, element_type: int | None) -> bytes:
    named = bytes_field(schema.VALUE_NAME, name.encode())
    if element_type is None:
        return named
    tensor = bytes_field(schema.TYPE_TENSOR, integer_field(schema.TENSOR_ELEMENT, element_type))
    return named + bytes_field(schema.VALUE_TYPE, tensor)
