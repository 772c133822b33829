"""Nodes of an ONNX graph, parsed lazily."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from wyoming_voice_stack.onnx_file import schema
from wyoming_voice_stack.onnx_file.protobuf import Field, fields, integers, text


@dataclass(frozen=True, eq=False)
class Node:
    """One operation; `inputs` and `outputs` are names of tensors, '' for an omitted one."""

    operation: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    raw: memoryview = dataclasses.field(repr=False)
    _attributes: tuple[memoryview, ...] = dataclasses.field(repr=False)

    @cached_property
    def integers(self) -> Mapping[str, tuple[int, ...]]:
        """Attributes that are integers or lists of integers."""
        return dict(_integer_attribute(attribute) for attribute in self._attributes)

    def integer(self, name: str, default: int) -> int:
        """An attribute that is an integer, or the first of a list."""
        return (*self.integers.get(name, ()), default)[0]

    @cached_property
    def tensor(self) -> memoryview | None:
        """The value of a `Constant` node."""
        for attribute in self._attributes:
            for each in fields(attribute):
                if each.number == schema.ATTRIBUTE_TENSOR:
                    return each.content
        return None


def read_node(field: Field) -> Node:
    """Parse a graph's field that contains a node."""
    operation = ""
    inputs: list[str] = []
    outputs: list[str] = []
    attributes: list[memoryview] = []
    for each in fields(field.content):
        if each.number == schema.NODE_INPUT:
            inputs.append(text(each.content))
        elif each.number == schema.NODE_OUTPUT:
            outputs.append(text(each.content))
        elif each.number == schema.NODE_OP:
            operation = text(each.content)
        elif each.number == schema.NODE_ATTRIBUTE:
            attributes.append(each.content)
    return Node(operation, tuple(inputs), tuple(outputs), field.raw, tuple(attributes))


def _integer_attribute(attribute: memoryview) -> tuple[str, tuple[int, ...]]:
    name, values = "", list[int]()
    for each in fields(attribute):
        if each.number == schema.ATTRIBUTE_NAME:
            name = text(each.content)
        elif each.number in {schema.ATTRIBUTE_INTEGER, schema.ATTRIBUTE_INTEGERS}:
            values += integers(each)
    return name, tuple(values)
