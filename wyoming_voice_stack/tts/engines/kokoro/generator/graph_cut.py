"""Cutting a Kokoro model behind all that needs the whole sentence.

The text half ends with the inputs of the generator: latents, harmonics, and what each norm makes of the
style. Durations of tokens are found too where the export has them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wyoming_voice_stack.onnx_file.building import new_node
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
    return graph.part(_needed(graph, outputs.names, ()), {}, outputs.names)


def statistics_names(source: str) -> tuple[str, str]:
    """Names of a normalised tensor's mean and variance in the model of `statistics_model`."""
    return f"{source}/own_mean", f"{source}/own_variance"


def statistics_model(
    graph: Graph, given: Mapping[str, int], sources: Sequence[str], average: str
) -> Iterator[Chunk]:
    """The generator as the file has it, for a whole sentence; its outputs are means and variances.

    `given` are the text half's outputs with ONNX's number of their element type, `sources` the
    normalised tensors. One more output is the average of the last blocks.
    """
    nodes = list(_needed(graph, (*sources, average), given))
    names: list[str] = []
    for source in sources:
        mean, variance = statistics_names(source)
        centred, squared = f"{source}/own_centred", f"{source}/own_squared"
        nodes += [
            new_node("GlobalAveragePool", (source,), mean),
            new_node("Sub", (source, mean), centred),
            new_node("Mul", (centred, centred), squared),
            new_node("GlobalAveragePool", (squared,), variance),
        ]
        names += [mean, variance]
    extended = dataclasses.replace(graph, nodes=(*graph.nodes, *nodes[-4 * len(sources) :]))
    return extended.part(nodes, given, (*names, average))


def _durations(graph: Graph) -> str | None:
    """Rounded durations of at least one unit; None if there is not exactly one such tensor."""
    found = []
    for node in graph.nodes:
        producer = graph.producers.get(node.inputs[0]) if node.inputs else None
        if node.operation in {"Clip", "Max"} and producer and producer.operation == "Round":
            found.append(node.outputs[0])
    return found[0] if len(found) == 1 else None


def _needed(graph: Graph, wanted: Iterable[str], given: Collection[str]) -> tuple[Node, ...]:
    """The nodes that compute the wanted tensors from the given ones and the model's inputs, in order."""
    found: set[Node] = set()
    waiting = [name for name in wanted if name not in given]
    while waiting:
        node = graph.producers.get(waiting.pop())
        if node is not None and node not in found:
            found.add(node)
            waiting += [name for name in node.inputs if name not in given]
    return tuple(node for node in graph.nodes if node in found)
