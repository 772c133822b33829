"""The receptive field of a part of an ONNX graph, traced from its result back to its source."""

from __future__ import annotations

from collections.abc import Sequence

from wyoming_voice_stack.onnx_file.graph import Graph
from wyoming_voice_stack.onnx_file.nodes import Node
from wyoming_voice_stack.tts.engines.vits.receptive_field import (
    Convolution,
    Layer,
    NotStreamable,
    ReceptiveField,
    Span,
    Upsampling,
)

ELEMENTWISE = frozenset(
    {
        *("Add", "Sub", "Mul", "Div", "Neg", "Exp", "Pow", "Sin", "Clip", "Cast", "Identity"),
        *("LeakyRelu", "Relu", "PRelu", "Tanh", "Sigmoid", "Softplus", "Erf", "ConstantOfShape"),
    }
)
"""Operations that make each position of the output of the same position of the input."""

_CHANNELS, _TIME = 1, 2
"""Axes of the tensors in flow and vocoder."""
_NO_END = 2**31 - 1
"""The end of a slice that exporters write for `[:]`, at least."""


def trace_receptive_field(
    graph: Graph, nodes: Sequence[Node], dependent: set[str], source: str, result: str
) -> ReceptiveField:
    """The receptive field of `nodes` in `source`, for all positions of `result` that belong to a frame.

    `dependent` are the names of all tensors that depend on `source`, itself included.

    Raises:
        NotStreamable: a node's receptive field is unbounded or unknown.
    """
    tracer = _Tracer(graph, dependent)
    # The hop is known only at the source: the first pass finds it.
    tracer.run(nodes, result, Span(0, 0))
    hop = tracer.strides[source]
    tracer.run(nodes, result, Span(0, hop - 1))
    span = tracer.spans[source]
    return ReceptiveField(left=-span.first, right=span.last, hop=hop)


class _Tracer:
    """Visits a part's nodes in reverse and notes which positions of each tensor are needed."""

    def __init__(self, graph: Graph, dependent: set[str]) -> None:
        self._graph = graph
        self._dependent = dependent
        self.spans: dict[str, Span] = {}
        """Tensor -> the positions that the result needs."""
        self.strides: dict[str, int] = {}
        """Tensor -> positions of the result for each of its own."""
        self._met_convolution = False

    def run(self, nodes: Sequence[Node], result: str, wanted: Span) -> None:
        """Fill `spans` and `strides` for the positions `wanted` of `result`."""
        self.spans, self.strides = {result: wanted}, {result: 1}
        self._met_convolution = False
        for node in reversed(nodes):
            outputs = [name for name in node.outputs if name in self.spans]
            if not outputs:
                continue
            span = self.spans[outputs[0]]
            for name in outputs[1:]:
                span = span.union(self.spans[name])
            self._visit(node, span, {self.strides[name] for name in outputs})

    def _visit(self, node: Node, span: Span, strides: set[int]) -> None:
        layer = self._layer(node)
        needed = layer.needs(span) if layer is not None else span
        stride = max(strides) * (layer.stride if layer is not None else 1)
        for name in node.inputs:
            if name in self._dependent:
                if len(strides) != 1 or self.strides.setdefault(name, stride) != stride:
                    raise NotStreamable("two branches have different strides")
                self.spans[name] = self.spans.get(name, needed).union(needed)

    def _layer(self, node: Node) -> Layer | None:
        """The node as a layer; None if it makes each position of the same one of its input."""
        match node.operation:
            case "Conv" | "ConvTranspose":
                self._met_convolution = True
                return _convolution(node, self._dependent)
            case "Concat" | "Split":
                self._require(node.integer("axis", 0) == _CHANNELS, "tensors are joined in time")
                self._require_constant(node.inputs[1:] if node.operation == "Split" else ())
            case "Slice":
                self._require_constant(node.inputs[1:])
                self._require(self._keeps_time(node), "a tensor is sliced in time")
            case "Shape":
                users = [each for each in self._graph.nodes if node.outputs[0] in each.inputs]
                fills = all(user.operation == "ConstantOfShape" for user in users)
                self._require(fills, "values depend on the length")
            case "Squeeze" | "Unsqueeze":
                # Another number of axes matters only to layers after it.
                self._require(not self._met_convolution, "axes change between layers")
            case operation:
                self._require(operation in ELEMENTWISE, f"{operation} may depend on all frames")
        return None

    def _keeps_time(self, node: Node) -> bool:
        """Whether a slice is of channels, or of everything, as some exporters write `[:]`."""
        starts, ends, axes, steps = (
            self._graph.constant_integers(name) if name else None
            for name in (*node.inputs, "", "")[1:5]
        )
        if axes is None or starts is None or ends is None:
            return False
        return (
            all(
                axis != _TIME or ((start, step) == (0, 1) and end >= _NO_END)
                for start, end, axis, step in zip(
                    starts, ends, axes, steps or (1,) * len(axes), strict=True
                )
            )
            and min(axes) >= 0
        )

    def _require_constant(self, names: Sequence[str]) -> None:
        self._require(self._graph.constants.issuperset(names), "channels are not constant")

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise NotStreamable(otherwise)


def _convolution(node: Node, dependent: set[str]) -> Layer:
    kernel, pads = node.integers.get("kernel_shape", ()), node.integers.get("pads", (0, 0))
    # With these, padding or length depend on the input.
    variable = {"auto_pad", "output_shape"} & node.integers.keys()
    one_dimensional = (len(kernel), len(pads)) == (1, 2)
    if not one_dimensional or variable or not dependent.isdisjoint(node.inputs[1:]):
        raise NotStreamable("a convolution has an unsupported form")
    dilation, stride = node.integer("dilations", 1), node.integer("strides", 1)
    (width,), (before, after) = kernel, pads
    if node.operation == "Conv":
        return Convolution(width, dilation, before, after, stride)
    output_padding = node.integer("output_padding", 0)
    return Upsampling(width, stride, dilation, before, after, output_padding)
