"""New nodes and constants for a graph that was read from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.onnx_file import schema
from wyoming_voice_stack.onnx_file.nodes import Node, read_node
from wyoming_voice_stack.onnx_file.protobuf import bytes_field, fields, integer_field

_ELEMENTS = {np.dtype("<f4"): schema.FLOAT32, np.dtype("<i8"): schema.INT64}


def new_node(
    operation: str,
    inputs: Sequence[str],
    output: str,
    attributes: Mapping[str, Sequence[int]] | None = None,
) -> Node:
    """Create a node; its attributes are lists of non-negative integers."""
    content = b"".join(bytes_field(schema.NODE_INPUT, name.encode()) for name in inputs)
    content += bytes_field(schema.NODE_OUTPUT, output.encode())
    content += bytes_field(schema.NODE_OP, operation.encode())
    for name, values in (attributes or {}).items():
        content += bytes_field(schema.NODE_ATTRIBUTE, _attribute(name, values))
    (field,) = fields(memoryview(bytes_field(schema.NODE, content)))
    return read_node(field)


def new_constant(name: str, values: npt.NDArray[Any]) -> memoryview:
    """Create an initializer, encoded as a field of a graph.

    Raises:
        KeyError: `values` are neither float32 nor int64.
    """
    element_type = _ELEMENTS[values.dtype.newbyteorder("<")]
    content = b"".join(integer_field(schema.TENSOR_SHAPE, size) for size in values.shape)
    content += integer_field(schema.TENSOR_DATA_TYPE, element_type)
    content += bytes_field(schema.TENSOR_NAME, name.encode())
    content += bytes_field(schema.TENSOR_RAW, np.ascontiguousarray(values).tobytes())
    return memoryview(bytes_field(schema.INITIALIZER, content))


def _attribute(name: str, values: Sequence[int]) -> bytes:
    content = bytes_field(schema.ATTRIBUTE_NAME, name.encode())
    content += b"".join(integer_field(schema.ATTRIBUTE_INTEGERS, each) for each in values)
    return content + integer_field(schema.ATTRIBUTE_TYPE, schema.INTEGERS)
