"""New nodes and constants for a graph that was read from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.onnx_file import schema
from wyoming_voice_stack.onnx_file.graph import Graph
from wyoming_voice_stack.onnx_file.nodes import Node, read_node
from wyoming_voice_stack.onnx_file.protobuf import (
    bytes_field,
    fields,
    float_field,
    integer_field,
)

OPERATOR_SET, IR_VERSION = 17, 8
"""Versions of the operators and of the file format, for new graphs."""

Attribute: TypeAlias = int | float | str | Sequence[int]
"""A value of a node's attribute; integers are not negative."""

_ELEMENTS = {
    np.dtype("<f4"): schema.FLOAT32,
    np.dtype("<i8"): schema.INT64,
    np.dtype("i1"): schema.INT8,
}


def new_node(
    operation: str,
    inputs: Sequence[str],
    outputs: str | Sequence[str],
    attributes: Mapping[str, Attribute] | None = None,
) -> Node:
    """Create a node with one output, or several."""
    outputs = (outputs,) if isinstance(outputs, str) else outputs
    content = b"".join(bytes_field(schema.NODE_INPUT, name.encode()) for name in inputs)
    content += b"".join(bytes_field(schema.NODE_OUTPUT, name.encode()) for name in outputs)
    content += bytes_field(schema.NODE_OP, operation.encode())
    for name, values in (attributes or {}).items():
        content += bytes_field(schema.NODE_ATTRIBUTE, _attribute(name, values))
    (field,) = fields(memoryview(bytes_field(schema.NODE, content)))
    return read_node(field)


def new_constant(name: str, values: npt.NDArray[Any]) -> memoryview:
    """Create an initializer, encoded as a field of a graph.

    Raises:
        KeyError: `values` are none of float32, int64 and int8.
    """
    element_type = _ELEMENTS[values.dtype.newbyteorder("<")]
    content = b"".join(integer_field(schema.TENSOR_SHAPE, size) for size in values.shape)
    content += integer_field(schema.TENSOR_DATA_TYPE, element_type)
    content += bytes_field(schema.TENSOR_NAME, name.encode())
    content += bytes_field(schema.TENSOR_RAW, np.ascontiguousarray(values).tobytes())
    return memoryview(bytes_field(schema.INITIALIZER, content))


def new_graph(
    nodes: Sequence[Node], constants: Mapping[str, npt.NDArray[Any]], outputs: Sequence[str]
) -> Graph:
    """Create a graph of nodes of the standard operator set."""
    operator_set = integer_field(schema.OPERATOR_SET_VERSION, OPERATOR_SET)
    model_fields = (
        memoryview(integer_field(schema.MODEL_IR_VERSION, IR_VERSION)),
        memoryview(bytes_field(schema.MODEL_OPERATOR_SET, operator_set)),
    )
    initializers = {name: new_constant(name, values) for name, values in constants.items()}
    return Graph(tuple(nodes), initializers, {}, tuple(outputs), model_fields)


def _attribute(name: str, value: Attribute) -> bytes:
    content = bytes_field(schema.ATTRIBUTE_NAME, name.encode())
    if isinstance(value, float):
        content += float_field(schema.ATTRIBUTE_FLOAT, value)
        return content + integer_field(schema.ATTRIBUTE_TYPE, schema.FLOAT)
    if isinstance(value, str):
        content += bytes_field(schema.ATTRIBUTE_STRING, value.encode())
        return content + integer_field(schema.ATTRIBUTE_TYPE, schema.STRING)
    if isinstance(value, int):
        content += integer_field(schema.ATTRIBUTE_INTEGER, value)
        return content + integer_field(schema.ATTRIBUTE_TYPE, schema.INTEGER)
    content += b"".join(integer_field(schema.ATTRIBUTE_INTEGERS, each) for each in value)
    return content + integer_field(schema.ATTRIBUTE_TYPE, schema.INTEGERS)
