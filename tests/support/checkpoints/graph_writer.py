"""Writes ONNX files for tests, without the onnx library."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.onnx_file.protobuf import bytes_field, integer_field

KINDS = {"float32": 1, "int32": 6, "int64": 7, "bool": 9, "float16": 10}
"""Numbers of the element types in the file format."""
_FLOAT, _INTEGER, _INTEGERS = 1, 2, 7
_FIXED_32 = 5


class GraphWriter:
    """Collects the nodes, weights and interface of one graph; tensors are names separated by blanks."""

    def __init__(self, seed: int = 0) -> None:
        self._fields: list[bytes] = []
        self._random = np.random.default_rng(seed)

    def node(self, operation: str, inputs: str, outputs: str, **attributes: Any) -> str:
        """Add an operation and return its outputs; an input `-` is left out."""
        names = ("" if name == "-" else name for name in inputs.split())
        body = b"".join(bytes_field(1, name.encode()) for name in names)
        body += b"".join(bytes_field(2, name.encode()) for name in outputs.split())
        body += bytes_field(4, operation.encode())
        for name, value in attributes.items():
            body += bytes_field(5, _attribute(name, value))
        self._fields.append(bytes_field(1, body))
        return outputs

    def constant(self, name: str, values: npt.ArrayLike, dtype: str = "int64") -> str:
        """Add a constant and return its name."""
        array = np.asarray(values, dtype)
        body = b"".join(integer_field(1, size) for size in array.shape)
        body += integer_field(2, KINDS[dtype]) + bytes_field(8, name.encode())
        self._fields.append(bytes_field(5, body + bytes_field(9, array.tobytes())))
        return name

    def random(self, name: str, *shape: int, spread: float = 1.0, dtype: str = "float32") -> str:
        """Add random weights, whose products with values of variance 1 have the variance `spread`²."""
        scale = spread / np.sqrt(max(1, int(np.prod(shape[1:]))))
        return self.constant(name, self._random.normal(0.0, scale, shape), dtype)

    def interface(self, number: int, name: str, kind: str, *shape: int | str) -> None:
        """Add an input (11) or an output (12)."""
        sizes = [
            integer_field(1, size) if isinstance(size, int) else bytes_field(2, size.encode())
            for size in shape
        ]
        tensor = integer_field(1, KINDS[kind])
        tensor += bytes_field(2, b"".join(bytes_field(1, size) for size in sizes))
        described = bytes_field(1, name.encode()) + bytes_field(2, bytes_field(1, tensor))
        self._fields.append(bytes_field(number, described))

    def save(self, path: Path, operators: int) -> Path:
        """Write the file; `operators` is the version of the operator set."""
        version = bytes_field(1, b"") + integer_field(2, operators)
        graph = b"".join(self._fields)
        path.write_bytes(integer_field(1, 8) + bytes_field(7, graph) + bytes_field(8, version))
        return path


def _attribute(name: str, value: float | list[int]) -> bytes:
    held = bytes_field(1, name.encode())
    if isinstance(value, float):
        key = 2 << 3 | _FIXED_32
        return held + bytes([key]) + struct.pack("<f", value) + integer_field(20, _FLOAT)
    if isinstance(value, int):
        return held + integer_field(3, value) + integer_field(20, _INTEGER)
    numbers = b"".join(integer_field(8, each) for each in value)
    return held + numbers + integer_field(20, _INTEGERS)
