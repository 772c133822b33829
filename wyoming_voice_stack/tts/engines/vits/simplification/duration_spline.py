"""The splines of the duration predictor, computed for all positions at once.

A spline (Durkan et al. 2019, arXiv:1906.04032) maps each number within its bounds; others stay as they
are. Exported models select the numbers within by their indexes and set the outermost knots by scattering.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wyoming_voice_stack.onnx_file import schema
from wyoming_voice_stack.onnx_file.graph import Graph
from wyoming_voice_stack.onnx_file.nodes import Node
from wyoming_voice_stack.tts.engines.vits.simplification.graph_region import (
    NodeWriter,
    Region,
    Replacement,
    region_before,
)

BOUND = 5.0
"""A spline maps -5 to 5 to itself."""
SMALLEST = 0.001
"""Smallest width and height of a bin, as shares of all, and smallest slope at a knot."""
OUTER_SLOPE = math.log(math.expm1(1 - SMALLEST))
"""Softplus of it, and `SMALLEST` more, is 1: the slope outside."""

_EXAMPLE_LENGTH = 64
_EXAMPLE_DEVIATION = 4.0
_TO_END = 2**31 - 1


@dataclass(frozen=True)
class _Spline:
    region: Region
    parameters: str
    """Of each position: unscaled widths and heights of the bins, slopes of the inner knots."""
    given: str
    """Numbers to map, [1, 1, length]."""
    bins: int
    scale: float
    """Divisor of widths and heights."""


def duration_splines(
    graph: Graph, masks: frozenset[str], writer: NodeWriter
) -> Iterator[Replacement]:
    """Each spline, up to the convolution that gives its parameters."""
    numbers = np.random.default_rng(2)
    weights = graph.weights()
    for node in graph.nodes:
        found = _spline(graph, node, masks, weights) if node.operation == "Concat" else None
        if found is None:
            continue
        _write_spline(writer, found)
        length = _EXAMPLE_LENGTH
        examples = {name: np.ones((1, 1, length), np.float32) for name in found.region.inputs}
        given = numbers.normal(0, _EXAMPLE_DEVIATION, (1, 1, length)).astype(np.float32)
        values = numbers.normal(0, 1, (1, 3 * found.bins - 1, length)).astype(np.float32)
        examples |= {found.given: given, found.parameters: values}
        yield Replacement(found.region, writer.take(), examples)


def _spline(
    graph: Graph, joined: Node, masks: frozenset[str], weights: dict[str, np.ndarray]
) -> _Spline | None:
    """The spline whose result is joined to the unchanged half of the channels."""
    halves = graph.producers.get(joined.inputs[0])
    if halves is None or halves.operation != "Split":
        return None
    given, mapped = halves.outputs[-1], joined.inputs[-1]
    known = {*masks, *halves.outputs}
    region = region_before(graph, mapped, lambda node: node.operation == "Conv", known)
    parameters = [name for name in region.inputs if name not in known] if region else []
    if region is None or len(parameters) != 1:
        return None
    kernel = weights.get(graph.producers[parameters[0]].inputs[1])
    if kernel is None or len(kernel) % 3 != 2:  # noqa: PLR2004
        return None
    channels, width = kernel.shape[:2]
    return _Spline(region, parameters[0], given, (channels + 1) // 3, math.sqrt(width))


def _write_spline(writer: NodeWriter, found: _Spline) -> None:
    bins = found.bins
    parameters = writer.add("Transpose", found.parameters, attributes={"perm": (0, 2, 1)})
    given = writer.add("Reshape", found.given, writer.constant([1, -1, 1]))
    # A number out of bounds would be in no bin; its result is not used.
    limited = writer.add("Clip", given, writer.constant(-BOUND), writer.constant(BOUND))
    inner = _inner_knots(writer, parameters, found)
    bin_number = _bin_number(writer, limited, inner)
    knots = _padded(writer, _padded(writer, inner, -BOUND, 0), BOUND, 1)
    slopes = _slopes(writer, parameters, bins)
    positions = writer.add("Reshape", knots, writer.constant([1, -1, 2 * bins + 2]))
    table = writer.add("Concat", positions, slopes, attributes={"axis": 2})
    columns = [0, 1, bins + 1, bins + 2, 2 * bins + 2, 2 * bins + 3]
    wanted = writer.add("Add", bin_number, writer.constant([[columns]]))
    chosen = writer.add("GatherElements", table, wanted, attributes={"axis": 2})
    ends = [_columns(writer, chosen, number, number + 1) for number in range(len(columns))]
    mapped = _inverse(writer, limited, ends)
    within = writer.add("Equal", given, limited)
    result = writer.add("Where", within, mapped, given)
    writer.add("Reshape", result, writer.constant([1, 1, -1]), output=found.region.output)


def _inner_knots(writer: NodeWriter, parameters: str, found: _Spline) -> str:
    """Left ends of all bins but the first, then their lower ends: [1, length, 2, bins - 1]."""
    bins = found.bins
    sizes = _columns(writer, parameters, 0, 2 * bins)
    rows = writer.add("Reshape", sizes, writer.constant([1, -1, 2, bins]))
    scaled = writer.add("Div", rows, writer.constant(found.scale))
    shares = writer.add("Softmax", scaled, attributes={"axis": 3})
    spread = writer.add("Mul", shares, writer.constant(1 - SMALLEST * bins))
    sums = writer.add(
        "CumSum", writer.add("Add", spread, writer.constant(SMALLEST)), writer.constant(3)
    )
    inner = _columns(writer, sums, 0, bins - 1, axis=3)
    wide = writer.add("Mul", inner, writer.constant(2 * BOUND))
    return writer.add("Add", wide, writer.constant(-BOUND))


def _bin_number(writer: NodeWriter, limited: str, inner: str) -> str:
    """How many inner knots are not above a number, [1, length, 1]."""
    heights = writer.add("Gather", inner, writer.constant(1), attributes={"axis": 2})
    above = writer.add("GreaterOrEqual", limited, heights)
    ones = writer.add("Cast", above, attributes={"to": schema.INT64})
    return writer.add("ReduceSum", ones, writer.constant([2]))


def _slopes(writer: NodeWriter, parameters: str, bins: int) -> str:
    """Slopes at all knots, [1, length, bins + 1]."""
    inner = _columns(writer, parameters, 2 * bins, _TO_END)
    pads = writer.constant([0, 0, 1, 0, 0, 1])
    padded = writer.add("Pad", inner, pads, writer.constant(OUTER_SLOPE))
    return writer.add("Add", writer.add("Softplus", padded), writer.constant(SMALLEST))


def _inverse(writer: NodeWriter, given: str, ends: list[str]) -> str:
    """Where the spline has the value `given`: the root of a quadratic equation in each bin."""
    left, right, low, high, slope, next_slope = ends
    width, height = writer.add("Sub", right, left), writer.add("Sub", high, low)
    mean_slope = writer.add("Div", height, width)
    above = writer.add("Sub", given, low)
    twice = writer.add("Mul", mean_slope, writer.constant(2.0))
    bend = writer.add("Sub", writer.add("Add", slope, next_slope), twice)
    bent = writer.add("Mul", above, bend)
    steeper = writer.add("Mul", height, writer.add("Sub", mean_slope, slope))
    a = writer.add("Add", bent, steeper)
    b = writer.add("Sub", writer.add("Mul", height, slope), bent)
    c = writer.add("Mul", writer.add("Neg", mean_slope), above)
    four_ac = writer.add("Mul", writer.add("Mul", a, writer.constant(4.0)), c)
    root = writer.add("Sqrt", writer.add("Sub", writer.add("Mul", b, b), four_ac))
    divisor = writer.add("Sub", writer.add("Neg", b), root)
    share = writer.add("Div", writer.add("Mul", c, writer.constant(2.0)), divisor)
    return writer.add("Add", writer.add("Mul", share, width), left)


def _padded(writer: NodeWriter, knots: str, value: float, side: int) -> str:
    """One more knot, before (0) or after (1) the others."""
    pads = [0] * 8
    pads[3 + 4 * side] = 1
    return writer.add("Pad", knots, writer.constant(pads), writer.constant(value))


def _columns(writer: NodeWriter, tensor: str, start: int, stop: int, axis: int = 2) -> str:
    bounds = (writer.constant([each]) for each in (start, stop, axis))
    return writer.add("Slice", tensor, *bounds)
