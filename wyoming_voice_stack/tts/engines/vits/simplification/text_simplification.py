"""The text half of a VITS graph with fewer nodes.

Exporters write what the Python code does step by step: of 2,200 operations of a Piper voice's text half,
most bring indexes and shapes in place, and each takes longer to start than to compute.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from wyoming_voice_stack.machine.memory import ran_out_of_memory
from wyoming_voice_stack.onnx_file.graph import Graph
from wyoming_voice_stack.tts.engines.vits.simplification.duration_spline import duration_splines
from wyoming_voice_stack.tts.engines.vits.simplification.graph_region import (
    NodeWriter,
    Replacement,
    checked,
    pruned,
)
from wyoming_voice_stack.tts.engines.vits.simplification.layer_norms import layer_norms
from wyoming_voice_stack.tts.engines.vits.simplification.relative_attention import (
    relative_attentions,
)
from wyoming_voice_stack.tts.engines.vits.simplification.sequence_masks import (
    sequence_masks,
    without_masks,
)

_LOGGER = logging.getLogger(__name__)

Rewrite = Callable[[Graph, frozenset[str], NodeWriter], Iterable[Replacement]]
"""Finds regions of one kind, with the masks of the graph, and writes what replaces them."""

REWRITES: tuple[Rewrite, ...] = (relative_attentions, duration_splines, layer_norms)


def simplified(graph: Graph, rewrites: Iterable[Rewrite] = REWRITES) -> Graph:
    """Return a graph that computes the same for a batch of one sentence.

    What is not found in the form that is known, or would change the result, stays as it is.
    """
    masks = sequence_masks(graph)
    graph = without_masks(graph, masks)
    for rewrite in rewrites:
        graph = _rewritten(graph, masks, rewrite)
    return pruned(graph)


def _rewritten(graph: Graph, masks: frozenset[str], rewrite: Rewrite) -> Graph:
    writer = NodeWriter(f"wyoming_voice_stack/{rewrite.__name__}")
    try:
        replacements = list(rewrite(graph, masks, writer))
        changed = checked(graph, replacements, writer.constants) if replacements else graph
    # ONNX Runtime's errors have no common base class.
    except Exception as error:
        if ran_out_of_memory(error):
            raise
        _LOGGER.info("Not simplified, %s: %s: %s", rewrite.__name__, type(error).__name__, error)
        return graph
    if changed is None:
        _LOGGER.info("Not simplified, %s: the result would differ", rewrite.__name__)
    return changed or graph
