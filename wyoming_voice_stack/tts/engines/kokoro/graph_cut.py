"""Cutting a Kokoro model behind all that needs the whole sentence.

The text half ends with the inputs of the generator: latents, harmonics, and what each norm makes of the
style. Durations of tokens are found too where the export has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wyoming_voice_stack.onnx_file.graph import Chunk, Graph
from wyoming_voice_stack.onnx_file.nodes import Node
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_weights import Generator


@dataclass(frozen=True)
class TextOutputs:
    """Names of the text half's outputs."""

    latents: str
    harmonics: str
    durations: str | None
    """Units of 25 ms of each token, [1, tokens]."""
    styles: tuple[str, ...]
    """Scales and shifts of all norms."""

    @property
    def names(self) -> tuple[str, ...]:
        """All names."""
        durations = () if self.durations is None else (self.durations,)
        return (self.latents, self.harmonics, *durations, *self.styles)


def text_outputs(graph: Graph, generator: Generator) -> TextOutputs:
    """The tensors between the text half and the generator."""
    styles = dict.fromkeys(name for norm in generator.norms for name in (norm.scale, norm.shift))
    return TextOutputs(generator.latents, generator.harmonics, _durations(graph), tuple(styles))


def text_half(graph: Graph, outputs: TextOutputs) -> Iterator[Chunk]:
    """The model from tokens to the text half's outputs."""
    return graph.part(_needed(graph, outputs.names), {}, outputs.names)


def _durations(graph: Graph) -> str | None:
    """Rounded durations of at least one unit; None if there is not exactly one such tensor."""
    found = []
    for node in graph.nodes:
        producer = graph.producers.get(node.inputs[0]) if node.inputs else None
        if node.operation in {"Clip", "Max"} and producer and producer.operation == "Round":
            found.append(node.outputs[0])
    return found[0] if len(found) == 1 else None


def _needed(graph: Graph, wanted: Iterable[str]) -> tuple[Node, ...]:
    """The nodes that compute the wanted tensors, in order."""
    found: set[Node] = set()
    waiting = [*wanted]
    while waiting:
        node = graph.producers.get(waiting.pop())
        if node is not None and node not in found:
            found.add(node)
            waiting += node.inputs
    return tuple(node for node in graph.nodes if node in found)
