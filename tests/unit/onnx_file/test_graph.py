from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.checkpoints.tiny_onnx_voice import HOP, make_tiny_voice
from wyoming_voice_stack.onnx_file.building import new_graph, new_node
from wyoming_voice_stack.onnx_file.graph import Graph, read_graph


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    return make_tiny_voice(tmp_path / "voice.onnx").read_bytes()


@pytest.fixture
def graph(content: bytes) -> Graph:
    return read_graph(memoryview(content))


def test_names_are_those_of_the_file(graph: Graph) -> None:
    assert list(graph.inputs) == ["input", "input_lengths", "scales"]
    assert graph.outputs == ("output",)
    assert graph.producers["up"].operation == "ConvTranspose"
    assert graph.producers["up"].inputs == ("lively", "up.weight")


def test_weights_are_views_of_the_file(graph: Graph, content: bytes) -> None:
    weights = graph.weights()["up.weight"]
    assert weights.shape[-1] == 2 * HOP
    assert not weights.flags.owndata
    assert np.shares_memory(weights, np.frombuffer(content, np.uint8))


def test_constants_depend_on_neither_inputs_nor_noise(graph: Graph) -> None:
    assert {"up.weight", "axis"} <= graph.constants
    assert graph.constants.isdisjoint({"input", "noise_32", "mean"})


def test_integers_of_nodes_and_constants(graph: Graph) -> None:
    upsampling = graph.producers["up"]
    assert upsampling.integers["strides"] == (HOP,)
    assert upsampling.integer("group", 7) == 7
    assert graph.constant_integers("axis") == (1,)
    assert graph.constant_integers("up.weight") is None


def test_a_single_float_is_no_integer() -> None:
    constants = {"half": np.array([0.5], np.float32), "three": np.array([3])}
    graph = new_graph([new_node("Add", ("x", "half"), "y")], constants, ["y"])
    assert graph.constant_integers("half") is None
    assert graph.constant_integers("three") == (3,)


def test_all_nodes_make_the_same_model(graph: Graph) -> None:
    again = read_graph(memoryview(b"".join(graph.part(graph.nodes, {}, graph.outputs))))
    assert [node.outputs for node in again.nodes] == [node.outputs for node in graph.nodes]
    # The text encoder of this voice does not use the lengths.
    assert again.inputs.keys() == graph.inputs.keys() - {"input_lengths"}
    assert again.model_fields == graph.model_fields
    before, after = graph.weights(), again.weights()
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)


def test_a_part_has_only_what_it_uses(graph: Graph) -> None:
    nodes = [graph.producers["up"]]
    part = read_graph(memoryview(b"".join(graph.part(nodes, {"lively": 1, "other": 1}, ["up"]))))
    assert list(part.inputs) == ["lively"]
    assert list(part.initializers) == ["up.weight"]
    assert part.outputs == ("up",)


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (b"\x3a\x7f\x00", "longer than its message"),
        (b"\x3b", "unknown wire type: 3"),
        (b"\x38\xff", "varint does not end"),
    ],
)
def test_damaged_files_are_refused(damaged: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_graph(memoryview(damaged))
