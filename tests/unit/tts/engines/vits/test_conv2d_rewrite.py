from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wyoming_voice_stack.onnx_file.building import new_constant, new_node
from wyoming_voice_stack.onnx_file.graph import Graph, read_graph
from wyoming_voice_stack.onnx_file.nodes import Node
from wyoming_voice_stack.onnx_file.protobuf import bytes_field, integer_field
from wyoming_voice_stack.tts.engines.vits import sessions
from wyoming_voice_stack.tts.engines.vits.conv2d_rewrite import MIN_CHANNELS, rewrite_convolutions
from wyoming_voice_stack.tts.engines.vits.partition import partition
from wyoming_voice_stack.tts.engines.vits.sessions import StreamingVoice, load_voice
from wyoming_voice_stack.tts.engines.vits.streaming_sentence import StreamingSentence
from wyoming_voice_stack.tts.engines.vits.windows import Window

WIDE = MIN_CHANNELS
_VERSIONS = (
    memoryview(integer_field(1, 8)),
    memoryview(bytes_field(8, bytes_field(1, b"") + integer_field(2, 15))),
)


def graph_of(nodes: Sequence[Node], **constants: np.ndarray) -> Graph:
    initializers = {name: new_constant(name, values) for name, values in constants.items()}
    return Graph(tuple(nodes), initializers, {}, (nodes[-1].outputs[0],), _VERSIONS)


def weights(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, shape).astype(np.float32)


def run(graph: Graph, nodes: Sequence[Node], given: np.ndarray) -> np.ndarray:
    import onnxruntime

    content = b"".join(graph.part(nodes, {"x": 1}, [graph.outputs[0]]))
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    result: np.ndarray = session.run(None, {"x": given})[0]
    return result


class TestLayers:
    @pytest.mark.parametrize("bias", [["b"], [""], []], ids=["bias", "left out", "none"])
    @pytest.mark.parametrize(("kernel", "dilation", "pads"), [(7, 12, (36, 36)), (3, 1, (2, 0))])
    def test_give_the_same_result_in_2d(
        self, kernel: int, dilation: int, pads: tuple[int, int], bias: list[str]
    ) -> None:
        attributes = {"kernel_shape": (kernel,), "dilations": (dilation,), "pads": pads}
        layer = new_node("Conv", ("x", "w", *bias), "y", attributes)
        graph = graph_of([layer], w=weights(2 * WIDE, WIDE, kernel), b=weights(2 * WIDE))
        changed, nodes = rewrite_convolutions(graph, [layer])
        assert [node.operation for node in nodes] == ["Reshape", "Conv", "Reshape"]
        # An omitted input with an empty name would disable the faster implementation.
        assert len(nodes[1].inputs) == (3 if bias == ["b"] else 2)
        given = weights(1, WIDE, 50)
        line, plane = run(graph, [layer], given), run(changed, nodes, given)
        assert line.shape == plane.shape == (1, 2 * WIDE, 50)
        assert np.abs(line).max() > 0.1
        assert np.abs(line - plane).max() < 1e-5

    def test_without_padding_and_dilation(self) -> None:
        layer = new_node("Conv", ("x", "w"), "y", {"kernel_shape": (3,)})
        graph = graph_of([layer], w=weights(WIDE, WIDE, 3))
        changed, nodes = rewrite_convolutions(graph, [layer])
        given = weights(1, WIDE, 20)
        line, plane = run(graph, [layer], given), run(changed, nodes, given)
        assert len(nodes) == 3
        assert line.shape == plane.shape == (1, WIDE, 18)
        assert np.abs(line - plane).max() < 1e-5

    @pytest.mark.parametrize(
        ("shape", "attributes"),
        [
            ((WIDE, WIDE, 1), {}),
            ((WIDE - 1, WIDE, 3), {}),
            ((WIDE, WIDE - 1, 3), {}),
            ((4 * WIDE, WIDE, 3), {"group": (2,)}),
            ((WIDE, WIDE, 1, 3), {}),
        ],
        ids=["one wide", "few out", "few in", "groups", "plane already"],
    )
    def test_that_gain_nothing_are_unchanged(
        self, shape: tuple[int, ...], attributes: dict[str, Any]
    ) -> None:
        layer = new_node("Conv", ("x", "w"), "y", {"kernel_shape": shape[2:], **attributes})
        changed, nodes = rewrite_convolutions(graph_of([layer], w=weights(*shape)), [layer])
        assert nodes == changed.nodes == (layer,)

    def test_with_computed_weights_are_unchanged(self) -> None:
        scaled = new_node("Mul", ("g", "v"), "w")
        layer = new_node("Conv", ("x", "w"), "y", {"kernel_shape": (3,), "pads": (1, 1)})
        graph = graph_of([scaled, layer], g=weights(WIDE, 1, 1), v=weights(WIDE, WIDE, 3))
        assert rewrite_convolutions(graph, [layer])[1] == (layer,)

    def test_share_what_they_read(self) -> None:
        layers = [
            new_node("Conv", ("x", name), f"of {name}", {"kernel_shape": (3,), "pads": (1, 1)})
            for name in ("v", "w")
        ]
        both = [*layers, new_node("Add", ("of v", "of w"), "y")]
        graph = graph_of(both, v=weights(WIDE, WIDE, 3), w=-weights(WIDE, WIDE, 3))
        changed, nodes = rewrite_convolutions(graph, both)
        assert not run(changed, nodes, weights(1, WIDE, 20)).any()


class TestRealVoice:
    def test_the_vocoder_convolves_in_2d(self, piper_model: Path) -> None:
        graph = read_graph(memoryview(piper_model.read_bytes()))
        planes = []
        for part in partition(graph).parts[4:]:
            _, nodes = rewrite_convolutions(graph, part.nodes)
            planes.append(sum("/as_2d" in "".join(node.inputs) for node in nodes))
        # Kernels 3, 5 and 7 with two dilations each; the last layer has one output channel.
        assert planes == [1, 6, 6, 6]

    def test_the_flow_is_unchanged(
        self, piper_model: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[int] = []

        def spy(graph: Graph, nodes: Sequence[Node]) -> tuple[Graph, Sequence[Node]]:
            asked.append(sum(node.operation == "ConvTranspose" for node in nodes))
            return graph, nodes

        monkeypatch.setattr(sessions, "rewrite_convolutions", spy)
        load_voice(piper_model)
        # The parts from the first upsampling on; the flow has four coupling layers before it.
        assert asked == [1, 0, 1, 1]

    def test_sounds_the_same(self, piper_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        voice = load_voice(piper_model)
        monkeypatch.setattr(sessions, "rewrite_convolutions", lambda graph, nodes: (graph, nodes))
        as_exported = load_voice(piper_model)
        assert isinstance(voice, StreamingVoice)
        assert isinstance(as_exported, StreamingVoice)
        spoken = np.random.default_rng(0).integers(14, 60, (1, 40))
        scales = np.array([0.667, 1.0, 0.8], np.float32)
        sentence = voice.encode(
            {"input": spoken, "input_lengths": np.array([40]), "scales": scales}
        )
        other = StreamingSentence(as_exported._stages, dict(sentence._tensors))
        everything = Window(0, sentence.frames)
        sounds = [each.decode(everything) for each in (sentence, other)]
        assert np.abs(sounds[1]).max() > 0.01
        # Equal on processors without the faster implementation.
        assert np.abs(sounds[0] - sounds[1]).max() < 1e-5

    def test_leaves_the_model_as_it_was(self, piper_model: Path) -> None:
        graph = read_graph(memoryview(piper_model.read_bytes()))
        nodes, initializers = graph.nodes, dict(graph.initializers)
        changed, _ = rewrite_convolutions(graph, partition(graph).parts[-1].nodes)
        assert (graph.nodes, graph.initializers) == (nodes, initializers)
        assert (changed.nodes, changed.initializers) != (nodes, initializers)
