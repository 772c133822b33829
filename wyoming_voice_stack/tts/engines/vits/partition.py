"""Partitioning the graph of a VITS model into a text encoder and parts that run window by window.

Flow and vocoder are found by the graph's structure, because names differ between exporters: the
vocoder begins with the convolution before the first upsampling, the flow with the sum that adds the
prior's noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

from wyoming_voice_stack.onnx_file.graph import Graph
from wyoming_voice_stack.onnx_file.nodes import Node
from wyoming_voice_stack.tts.engines.vits.receptive_field import NotStreamable, ReceptiveField
from wyoming_voice_stack.tts.engines.vits.receptive_field_tracer import (
    ELEMENTWISE,
    trace_receptive_field,
)

MIN_LAYERS = 2
"""Smallest number of layers in a part: the tensors between parts are copied, as each is a session."""

_LAYERS = frozenset({"Conv", "ConvTranspose"})


@dataclass(frozen=True)
class PartSignature:
    """Names of a part's input and output tensors, whose last axis is time."""

    source: str
    result: str
    others: tuple[str, ...]
    """Further inputs: masks, [1, 1, frames], and the speaker's embedding, [1, channels, 1]."""
    receptive_field: ReceptiveField


@dataclass(frozen=True)
class GraphPart:
    """The nodes between two tensors; each has a bounded receptive field."""

    nodes: tuple[Node, ...]
    signature: PartSignature


@dataclass(frozen=True)
class GraphPartition:
    """All nodes of a model."""

    text_nodes: tuple[Node, ...]
    """From phonemes to the inputs of the parts; all random numbers are drawn here."""
    parts: tuple[GraphPart, ...]
    """In order of computation; the last one's result is the waveform."""


def partition(graph: Graph) -> GraphPartition:
    """Separate the vocoder, and the flow before it where that is possible.

    Raises:
        NotStreamable: the vocoder cannot be found, or its receptive field is unbounded or unknown.
    """
    waveform = graph.outputs[0] if graph.outputs else ""
    vocoder = _part(graph, _vocoder_input(graph), waveform)
    if vocoder.signature.receptive_field.hop <= 1:
        raise NotStreamable("no layer makes samples of frames")
    parts = [vocoder]
    # A flow that cannot be separated is computed with the text, for the whole sentence.
    with suppress(NotStreamable):
        sample = _prior_sample(graph, vocoder.signature.source)
        parts.insert(0, _part(graph, sample, vocoder.signature.source))
    parts = [smaller for part in parts for smaller in _divide(graph, part)]
    in_parts = {node for part in parts for node in part.nodes}
    text_nodes = tuple(node for node in graph.nodes if node not in in_parts)
    _require_separate(text_nodes, parts)
    return GraphPartition(text_nodes, tuple(parts))


def _vocoder_input(graph: Graph) -> str:
    """The input of the vocoder's first convolution."""
    upsamplings = [node for node in graph.nodes if node.operation == "ConvTranspose"]
    if not upsamplings:
        raise NotStreamable("there is no upsampling layer")
    inputs = []
    for upsampling in upsamplings:
        tensor = upsampling.inputs[0]
        while (node := graph.producers.get(tensor)) is not None and node.operation != "Conv":
            variable = [name for name in node.inputs if name not in graph.constants]
            if node.operation not in ELEMENTWISE or not variable:
                break
            tensor = _main_branch(graph, variable)
        if node is not None and node.operation == "Conv":
            inputs.append(node.inputs[0])
    # The convolutions before later upsamplings are inside the vocoder.
    firsts = [each for each in inputs if set(upsamplings).isdisjoint(_upstream(graph, each))]
    if len(set(firsts)) != 1:
        raise NotStreamable("the vocoder's first convolution cannot be identified")
    return firsts[0]


def _main_branch(graph: Graph, names: Sequence[str]) -> str:
    """The tensor with the most nodes upstream; the speaker's branch is a short one."""
    return max(names, key=lambda name: len(_upstream(graph, name)))


def _prior_sample(graph: Graph, latent: str) -> str:
    """The sum of the prior's mean and its noise: the last noise upstream of `latent`."""
    upstream = _upstream(graph, latent)
    noises = [
        node for node in graph.nodes if node in upstream and node.operation == "RandomNormalLike"
    ]
    if not noises:
        raise NotStreamable("there is no noise")
    reached = set(noises[-1].outputs)
    for node in graph.nodes[graph.nodes.index(noises[-1]) :]:
        if reached.isdisjoint(node.inputs):
            continue
        if node.operation == "Add":
            return node.outputs[0]
        if node.operation not in {"Mul", "Cast", "Identity"}:
            break
        reached.update(node.outputs)
    raise NotStreamable("the noise is not simply scaled and added")


def _upstream(graph: Graph, tensor: str) -> set[Node]:
    """Every node that `tensor` depends on."""
    found: set[Node] = set()
    waiting = [tensor]
    while waiting:
        node = graph.producers.get(waiting.pop())
        if node is not None and node not in found:
            found.add(node)
            waiting += node.inputs
    return found


def _part(graph: Graph, source: str, result: str) -> GraphPart:
    upstream = _upstream(graph, result)
    dependent = {source}
    nodes = []
    for node in graph.nodes:
        if node in upstream and not dependent.isdisjoint(node.inputs):
            nodes.append(node)
            dependent.update(node.outputs)
    if result not in dependent:
        raise NotStreamable("the waveform does not depend on the latents")
    field = trace_receptive_field(graph, nodes, dependent, source, result)
    others = dict.fromkeys(
        name
        for node in nodes
        for name in node.inputs
        if name not in dependent and name not in graph.constants
    )
    return GraphPart(tuple(nodes), PartSignature(source, result, tuple(others), field))


def _divide(graph: Graph, part: GraphPart) -> list[GraphPart]:
    """The same part as a chain of smaller ones."""
    ends = [*_division_points(part), part.signature.result]
    starts = [part.signature.source, *ends[:-1]]
    return [_part(graph, start, end) for start, end in zip(starts, ends, strict=True)]


def _division_points(part: GraphPart) -> Iterator[str]:
    """Tensors that all later nodes depend on alone, with `MIN_LAYERS` before and after each."""
    last_use = {name: index for index, node in enumerate(part.nodes) for name in node.inputs}
    last_use[part.signature.result] = len(part.nodes)
    remaining = sum(node.operation in _LAYERS for node in part.nodes)
    live, layers = {part.signature.source}, 0
    for index, node in enumerate(part.nodes):
        live = {name for name in (*live, *node.outputs) if last_use.get(name, -1) > index}
        layers += node.operation in _LAYERS
        if len(live) == 1 and layers >= MIN_LAYERS and remaining - layers >= MIN_LAYERS:
            yield from live
            remaining, layers = remaining - layers, 0


def _require_separate(text_nodes: Sequence[Node], parts: Sequence[GraphPart]) -> None:
    inside = {name for part in parts for node in part.nodes for name in node.outputs}
    if any(name in inside for node in text_nodes for name in node.inputs):
        raise NotStreamable("the text encoder depends on a later part")
    for before, after in pairwise(parts):
        made = {name for node in before.nodes for name in node.outputs} - {before.signature.result}
        if not made.isdisjoint(name for node in after.nodes for name in node.inputs):
            raise NotStreamable("two parts share more than one tensor")
