"""Finding, in the graph of a VITS model, what can be computed window by window: flow and vocoder.

By the graph's shape, not by names, which differ between exporters: the vocoder begins with the
convolution before the first upsampling; the flow with the sum that adds the prior's noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

from wyoming_voice_stack.onnx_file.graph import Graph
from wyoming_voice_stack.onnx_file.nodes import Node
from wyoming_voice_stack.tts.engines.vits.receptive_field import (
    Convolution,
    Layer,
    NotLocal,
    ReceptiveField,
    Span,
    Upsampling,
)

FEWEST_LAYERS = 2
"""Of a part. Each is a session of its own, and what goes from one to the next is copied."""

_CHANNELS, _TIME = 1, 2
"""Axes of what goes through flow and vocoder."""
_NO_END = 2**31 - 1
"""Ends a slice behind everything there may be."""

_LAYERS = frozenset({"Conv", "ConvTranspose"})
_ELEMENTWISE = frozenset(
    {
        *("Add", "Sub", "Mul", "Div", "Neg", "Exp", "Pow", "Sin", "Clip", "Cast", "Identity"),
        *("LeakyRelu", "Relu", "PRelu", "Tanh", "Sigmoid", "Softplus", "Erf", "ConstantOfShape"),
    }
)


@dataclass(frozen=True)
class Ports:
    """What goes into a part and comes out, by name; its time axis is the last one."""

    source: str
    result: str
    others: tuple[str, ...]
    """Further tensors that go in: masks, [1, 1, frames], and what the speaker gives, [1, n, 1]."""
    reach: ReceptiveField


@dataclass(frozen=True)
class Part:
    """Nodes between two tensors, all of whose layers look a bounded way around."""

    nodes: tuple[Node, ...]
    ports: Ports


@dataclass(frozen=True)
class Cut:
    """A whole model, taken apart."""

    text: tuple[Node, ...]
    """From phonemes to the first part's tensors; all chance is in here."""
    parts: tuple[Part, ...]
    """One after the other; the last one's result is the sound."""


def cut(graph: Graph) -> Cut:
    """Cut off the vocoder, and the flow before it where that is possible too.

    Raises:
        NotLocal: the vocoder cannot be told from the rest, or its reach is not known.
    """
    sound = graph.outputs[0] if graph.outputs else ""
    vocoder = _part(graph, _latent(graph), sound)
    if vocoder.ports.reach.hop <= 1:
        raise NotLocal("nothing makes samples out of frames")
    parts = [vocoder]
    # Where it does not work, the flow is computed along with the text, all at once.
    with suppress(NotLocal):
        sample = _prior_sample(graph, vocoder.ports.source)
        parts.insert(0, _part(graph, sample, vocoder.ports.source))
    parts = [link for part in parts for link in _links(graph, part)]
    behind = {node for part in parts for node in part.nodes}
    text = tuple(node for node in graph.nodes if node not in behind)
    _require_apart(text, parts)
    return Cut(text, tuple(parts))


def _latent(graph: Graph) -> str:
    """What goes into the first of the vocoder's convolutions."""
    upsamplings = [node for node in graph.nodes if node.operation == "ConvTranspose"]
    if not upsamplings:
        raise NotLocal("there is no upsampling")
    latents = []
    for upsampling in upsamplings:
        tensor = upsampling.inputs[0]
        while (node := graph.producers.get(tensor)) is not None and node.operation != "Conv":
            moving = [name for name in node.inputs if name not in graph.constants]
            if node.operation not in _ELEMENTWISE or not moving:
                break
            tensor = _trunk(graph, moving)
        if node is not None and node.operation == "Conv":
            latents.append(node.inputs[0])
    # Further upsamplings lead to convolutions of the vocoder's own.
    firsts = [each for each in latents if set(upsamplings).isdisjoint(_upstream(graph, each))]
    if len(set(firsts)) != 1:
        raise NotLocal("there is no single way into the vocoder")
    return firsts[0]


def _trunk(graph: Graph, names: Sequence[str]) -> str:
    """The one that most nodes lead to: what speakers give is a short branch."""
    return max(names, key=lambda name: len(_upstream(graph, name)))


def _prior_sample(graph: Graph, latent: str) -> str:
    """The sum of the prior's mean and its noise: the last noise before `latent`."""
    upstream = _upstream(graph, latent)
    noises = [
        node for node in graph.nodes if node in upstream and node.operation == "RandomNormalLike"
    ]
    if not noises:
        raise NotLocal("there is no noise")
    reached = set(noises[-1].outputs)
    for node in graph.nodes[graph.nodes.index(noises[-1]) :]:
        if reached.isdisjoint(node.inputs):
            continue
        if node.operation == "Add":
            return node.outputs[0]
        if node.operation not in {"Mul", "Cast", "Identity"}:
            break
        reached.update(node.outputs)
    raise NotLocal("the noise is used in another way")


def _upstream(graph: Graph, tensor: str) -> set[Node]:
    """Every node that `tensor` is made by, near or far."""
    found: set[Node] = set()
    waiting = [tensor]
    while waiting:
        node = graph.producers.get(waiting.pop())
        if node is not None and node not in found:
            found.add(node)
            waiting += node.inputs
    return found


def _part(graph: Graph, source: str, result: str) -> Part:
    upstream = _upstream(graph, result)
    moving = {source}
    nodes = []
    for node in graph.nodes:
        if node in upstream and not moving.isdisjoint(node.inputs):
            nodes.append(node)
            moving.update(node.outputs)
    if result not in moving:
        raise NotLocal("the sound does not depend on it")
    reach = _Walk(graph, moving).reach(nodes, source, result)
    others = dict.fromkeys(
        name
        for node in nodes
        for name in node.inputs
        if name not in moving and name not in graph.constants
    )
    return Part(tuple(nodes), Ports(source, result, tuple(others), reach))


def _links(graph: Graph, part: Part) -> list[Part]:
    """The same part as a chain of smaller ones."""
    ends = [*_narrow_places(part), part.ports.result]
    starts = [part.ports.source, *ends[:-1]]
    return [_part(graph, start, end) for start, end in zip(starts, ends, strict=True)]


def _narrow_places(part: Part) -> Iterator[str]:
    """Tensors that everything goes through, with some layers before each and some behind."""
    last_use = {name: index for index, node in enumerate(part.nodes) for name in node.inputs}
    last_use[part.ports.result] = len(part.nodes)
    left = sum(node.operation in _LAYERS for node in part.nodes)
    live, layers = {part.ports.source}, 0
    for index, node in enumerate(part.nodes):
        live = {name for name in (*live, *node.outputs) if last_use.get(name, -1) > index}
        layers += node.operation in _LAYERS
        if len(live) == 1 and layers >= FEWEST_LAYERS and left - layers >= FEWEST_LAYERS:
            yield from live
            left, layers = left - layers, 0


def _require_apart(text: Sequence[Node], parts: Sequence[Part]) -> None:
    inside = {name for part in parts for node in part.nodes for name in node.outputs}
    if any(name in inside for node in text for name in node.inputs):
        raise NotLocal("the part before needs what comes after it")
    for before, after in pairwise(parts):
        made = {name for node in before.nodes for name in node.outputs} - {before.ports.result}
        if not made.isdisjoint(name for node in after.nodes for name in node.inputs):
            raise NotLocal("two parts share more than one tensor")


class _Walk:
    """Goes from a part's result back to its source, and asks each layer how far it looks."""

    def __init__(self, graph: Graph, moving: set[str]) -> None:
        self._graph = graph
        self._moving = moving
        self._spans: dict[str, Span] = {}
        self._strides: dict[str, int] = {}
        self._met_convolution = False

    def reach(self, nodes: Sequence[Node], source: str, result: str) -> ReceptiveField:
        """Of `source` around a frame, for all positions of `result` that the frame becomes."""
        # How many positions these are is known only at the source: the first walk counts them.
        self._walk(nodes, result, Span(0, 0))
        hop = self._strides[source]
        self._walk(nodes, result, Span(0, hop - 1))
        span = self._spans[source]
        return ReceptiveField(left=-span.first, right=span.last, hop=hop)

    def _walk(self, nodes: Sequence[Node], result: str, wanted: Span) -> None:
        self._spans, self._strides = {result: wanted}, {result: 1}
        self._met_convolution = False
        for node in reversed(nodes):
            outputs = [name for name in node.outputs if name in self._spans]
            if not outputs:
                continue
            span = self._spans[outputs[0]]
            for name in outputs[1:]:
                span = span.with_(self._spans[name])
            self._pass_on(node, span, {self._strides[name] for name in outputs})

    def _pass_on(self, node: Node, span: Span, strides: set[int]) -> None:
        layer = self._layer(node)
        needed = layer.needs(span) if layer is not None else span
        stride = max(strides) * (layer.stride if layer is not None else 1)
        for name in node.inputs:
            if name in self._moving:
                if len(strides) != 1 or self._strides.setdefault(name, stride) != stride:
                    raise NotLocal("two branches count time in different ways")
                self._spans[name] = self._spans.get(name, needed).with_(needed)

    def _layer(self, node: Node) -> Layer | None:
        """None if every position of the output comes from the same one of the input."""
        match node.operation:
            case "Conv" | "ConvTranspose":
                self._met_convolution = True
                return _convolution(node, self._moving)
            case "Concat" | "Split":
                self._require(node.integer("axis", 0) == _CHANNELS, "channels put beside time")
                self._require_constant(node.inputs[1:] if node.operation == "Split" else ())
            case "Slice":
                self._require_constant(node.inputs[1:])
                self._require(self._keeps_time(node), "a cut in time")
            case "Shape":
                users = [each for each in self._graph.nodes if node.outputs[0] in each.inputs]
                fills = all(user.operation == "ConstantOfShape" for user in users)
                self._require(fills, "a length that is counted with")
            case "Squeeze" | "Unsqueeze":
                # Another number of axes matters to the layers behind it only.
                self._require(not self._met_convolution, "axes that change between layers")
            case operation:
                self._require(operation in _ELEMENTWISE, f"{operation} may look at everything")
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
        self._require(self._graph.constants.issuperset(names), "channels that change")

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise NotLocal(otherwise)


def _convolution(node: Node, moving: set[str]) -> Layer:
    kernel, pads = node.integers.get("kernel_shape", ()), node.integers.get("pads", (0, 0))
    # Padding or a length that follow from the input are told in these.
    follows = {"auto_pad", "output_shape"} & node.integers.keys()
    along_time_only = (len(kernel), len(pads)) == (1, 2)
    if not along_time_only or follows or not moving.isdisjoint(node.inputs[1:]):
        raise NotLocal("a convolution of another kind")
    dilation, stride = node.integer("dilations", 1), node.integer("strides", 1)
    (width,), (before, after) = kernel, pads
    if node.operation == "Conv":
        return Convolution(width, dilation, before, after, stride)
    added = node.integer("output_padding", 0)
    return Upsampling(width, stride, dilation, before, after, added)
