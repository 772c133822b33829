"""The largest convolutions of a VITS voice before its vocoder, as products of 8-bit integers.

A processor multiplies 8-bit integers several times faster than 32-bit floats. What is rounded away is far
below the noise that the voice adds to its latents: the audio differs less than from one draw to the next.

Each output channel of the weights has a scale of its own; the input of a layer has one, by its smallest and
its largest value (dynamic quantization as ONNX defines it).
"""

from __future__ import annotations

import dataclasses
import logging
import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wyoming_voice_stack.machine.memory import ran_out_of_memory
from wyoming_voice_stack.onnx_file import schema
from wyoming_voice_stack.onnx_file.graph import Graph
from wyoming_voice_stack.onnx_file.nodes import Node
from wyoming_voice_stack.tts.engines.inference_sessions import session_from_bytes, try_session
from wyoming_voice_stack.tts.engines.vits.simplification.graph_region import NodeWriter
from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor

_LOGGER = logging.getLogger(__name__)

MIN_WEIGHTS = 100_000
"""Weights of a layer that gains: of a medium voice, those of the feed-forward blocks and the flow's widest."""
LARGEST_WEIGHT = 63
"""Seven bits. AVX2 adds two products in 16 bits, and eight bits would overflow them."""
MIN_SIGNAL_TO_NOISE_DB = 28.0
"""Of each layer's result on an example. Below, weights or inputs have outliers, and floats stay."""
MAX_TIME_SHARE = 0.8
"""Share of the floats' processor time above which integers are not worth it."""
RUNS = 3
"""Of which the fastest counts."""

MIN_POSITIONS = 2
"""Of a layer's input. One that sees the speaker alone has one: it takes no time, and its rounding would change
the voice, also inside the vocoder."""

_PREFIX = "wyoming_voice_stack/integers"
_SWAP = (0, 2, 1)
"""Permutation between [batch, channels, time] and [batch, time, channels]."""
_TINY = float(np.finfo(np.float32).tiny)
_END = np.iinfo(np.int64).max


@dataclass(frozen=True)
class _IntegerLayer:
    """A convolution, and what replaces it."""

    node: Node
    nodes: tuple[Node, ...]
    constants: Mapping[str, memoryview]


def with_integer_convolutions(
    graph: Graph, nodes: Sequence[Node], example: Mapping[str, Tensor]
) -> tuple[Graph, tuple[Node, ...]]:
    """Return a graph in which large convolutions among `nodes` multiply integers, and the new nodes.

    `example` has values for all that `nodes` need: inputs of the model, or results of other nodes; without
    any, the graph is the same. Layers whose result on it would lose too much stay as they are, and so do all if
    integers are not faster on this machine.
    """
    layers: Sequence[_IntegerLayer] = _integer_layers(graph, nodes) if example else ()
    try:
        layers = _worthwhile(graph, nodes, layers, example)
    # ONNX Runtime's errors have no common base class.
    except Exception as error:
        if ran_out_of_memory(error):
            raise
        _LOGGER.info(
            "Computing with floats instead of 8-bit integers, which is slower: an example failed (%s: %s)",
            *(type(error).__name__, error),
        )
        layers = ()
    return (_with_layers(graph, layers) if layers else graph), _new_nodes(nodes, layers)


def _worthwhile(
    graph: Graph,
    nodes: Sequence[Node],
    layers: Sequence[_IntegerLayer],
    example: Mapping[str, Tensor],
) -> Sequence[_IntegerLayer]:
    if not layers:
        return ()
    given = list(dict.fromkeys(each.node.inputs[0] for each in layers))
    feeds, _ = _run(graph, nodes, example, given, runs=1)
    layers = [each for each in layers if feeds[each.node.inputs[0]].shape[-1] >= MIN_POSITIONS]
    if not layers:
        return ()
    results = [each.node.outputs[0] for each in layers]
    floats, float_s = _run(graph, [each.node for each in layers], feeds, results)
    changed = _with_layers(graph, layers)
    new = [node for each in layers for node in each.nodes]
    integers, integer_s = _run(changed, new, feeds, results)
    if integer_s > MAX_TIME_SHARE * float_s:
        _LOGGER.debug("Integers take %.2f of the time of floats", integer_s / float_s)
        return ()
    return [
        each
        for each, name in zip(layers, results, strict=True)
        if _signal_to_noise_db(floats[name], integers[name]) >= MIN_SIGNAL_TO_NOISE_DB
    ]


def _run(
    graph: Graph,
    nodes: Sequence[Node],
    feeds: Mapping[str, Tensor],
    outputs: Sequence[str],
    runs: int = RUNS,
) -> tuple[dict[str, Tensor], float]:
    """Run a part of the graph; returns its outputs and the processor time in seconds."""
    inner = {name: schema.FLOAT32 for name in feeds if name in graph.producers}
    session = session_from_bytes(graph.part(nodes, inner, outputs))
    used = {each.name for each in session.get_inputs()}
    known = {name: values for name, values in feeds.items() if name in used}
    taken: list[float] = []
    for _ in range(runs):
        before = time.thread_time()
        results = try_session(session, outputs, known)
        taken.append(time.thread_time() - before)
    return dict(zip(outputs, results, strict=True)), min(taken)


def _signal_to_noise_db(exact: Tensor, rounded: Tensor) -> float:
    signal, noise = (max(float(np.mean(x**2)), _TINY) for x in (exact, exact - rounded))
    return 10 * math.log10(signal / noise)


def _with_layers(graph: Graph, layers: Iterable[_IntegerLayer]) -> Graph:
    nodes = _new_nodes(graph.nodes, layers)
    constants = {name: raw for each in layers for name, raw in each.constants.items()}
    return dataclasses.replace(graph, nodes=nodes, initializers={**graph.initializers, **constants})


def _new_nodes(nodes: Iterable[Node], layers: Iterable[_IntegerLayer]) -> tuple[Node, ...]:
    replaced = {each.node: each.nodes for each in layers}
    return tuple(new for old in nodes for new in replaced.get(old, (old,)))


def _integer_layers(graph: Graph, nodes: Iterable[Node]) -> list[_IntegerLayer]:
    found = ((node, _large_weights(graph, node)) for node in nodes)
    return [
        _integer_layer(node, weights, NodeWriter(f"{_PREFIX}/{number}"))
        for number, (node, weights) in enumerate(found)
        if weights is not None
    ]


def _large_weights(graph: Graph, node: Node) -> Tensor | None:
    """The weights of a 1-D convolution with enough of them, and with neither groups nor strides."""
    if node.operation != "Conv" or not node.integer("group", 1) == node.integer("strides", 1) == 1:
        return None
    weights = graph.stored(node.inputs[1])
    if weights is None or weights.dtype != np.float32 or weights.ndim != 3:  # noqa: PLR2004
        return None
    return weights if weights.size >= MIN_WEIGHTS else None


def _integer_layer(node: Node, weights: Tensor, writer: NodeWriter) -> _IntegerLayer:
    """`weights` are [channels out, channels in, kernel]."""
    (result,) = node.outputs
    channels, _, kernel = weights.shape
    matrix = weights.transpose(2, 1, 0).reshape(-1, channels)
    scale = np.maximum(np.abs(matrix).max(axis=0), _TINY) / LARGEST_WEIGHT
    given = writer.add("Transpose", _padded(node, writer), attributes={"perm": _SWAP})
    rows, row_scale, zero = writer.add_several("DynamicQuantizeLinear", given, outputs=3)
    if kernel > 1:
        shifted = _shifted(rows, kernel, node.integer("dilations", 1), writer)
        rows = writer.add("Concat", *shifted, attributes={"axis": 2})
    integers = writer.constant(np.rint(matrix / scale).astype(np.int8))
    product = writer.add("MatMulInteger", rows, integers, zero)
    # In this order, ONNX Runtime computes it as one operation.
    product = writer.add("Cast", product, attributes={"to": schema.FLOAT32})
    scales = writer.add("Mul", row_scale, writer.constant(scale))
    product = writer.add("Mul", product, scales)
    for bias in filter(None, node.inputs[2:]):
        product = writer.add("Add", product, bias)
    writer.add("Transpose", product, output=result, attributes={"perm": _SWAP})
    return _IntegerLayer(node, writer.take(), writer.constants)


def _padded(node: Node, writer: NodeWriter) -> str:
    before, after = node.integers.get("pads", (0, 0))
    given = node.inputs[0]
    if not before and not after:
        return given
    return writer.add("Pad", given, writer.constant([0, 0, before, 0, 0, after]))


def _shifted(rows: str, kernel: int, dilation: int, writer: NodeWriter) -> list[str]:
    """The rows that each position of the kernel multiplies."""
    axis = writer.constant([1])
    starts = [position * dilation for position in range(kernel)]
    return [
        writer.add(
            "Slice",
            rows,
            writer.constant([start]),
            writer.constant([start - starts[-1] or _END]),
            axis,
        )
        for start in starts
    ]
