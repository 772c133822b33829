from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from wyoming_voice_stack.onnx_file.building import new_graph, new_node
from wyoming_voice_stack.onnx_file.graph import Graph
from wyoming_voice_stack.onnx_file.nodes import Node
from wyoming_voice_stack.tts.engines.vits.simplification import text_simplification
from wyoming_voice_stack.tts.engines.vits.simplification.graph_region import (
    MAX_DIFFERENCE,
    NodeWriter,
    Region,
    Replacement,
    checked,
    pruned,
    region_before,
)
from wyoming_voice_stack.tts.engines.vits.simplification.text_simplification import simplified

EXAMPLES = {"x": np.linspace(-1, 1, 8, dtype=np.float32)}


def doubling() -> Graph:
    """`y = x + x`, `z = -y` and a tensor that nothing uses."""
    nodes = [
        new_node("Add", ("x", "x"), "y"),
        new_node("Neg", ("y",), "z"),
        new_node("Neg", ("x",), "unused"),
    ]
    return new_graph(nodes, {}, ["z"])


DOUBLING = doubling()


def replacing(graph: Graph, nodes: Sequence[Node], output: str = "y") -> Replacement:
    region = region_before(graph, output, lambda _: False, {"x"})
    assert region is not None
    return Replacement(region, tuple(nodes), EXAMPLES)


def writing(factor: float) -> tuple[NodeWriter, Replacement]:
    writer = NodeWriter("new")
    writer.add("Mul", "x", writer.constant(factor), output="y")
    return writer, replacing(DOUBLING, writer.take())


class TestRegion:
    def test_ends_at_its_inputs(self) -> None:
        graph = doubling()
        region = region_before(graph, "z", lambda node: node.operation == "Add")
        assert region == Region(frozenset(graph.nodes[1:2]), ("y",), "z")

    def test_is_none_at_an_input_of_the_model(self) -> None:
        assert region_before(doubling(), "z", lambda _: False) is None

    def test_without_what_the_outputs_do_not_need(self) -> None:
        assert [node.outputs for node in pruned(doubling()).nodes] == [("y",), ("z",)]

    def test_keeps_what_a_subgraph_may_use(self) -> None:
        graph = doubling()
        branching = new_node("If", ("y",), "z")
        graph = new_graph([*graph.nodes[::2], branching], {}, ["z"])
        assert pruned(graph) == graph


class TestCheck:
    def test_takes_an_equal_result(self) -> None:
        writer, replacement = writing(2 + MAX_DIFFERENCE / 2)
        changed = checked(DOUBLING, [replacement], writer.constants)
        assert changed is not None
        assert [node.operation for node in changed.nodes] == ["Mul", "Neg", "Neg"]

    @pytest.mark.parametrize("factor", [2 + 2 * MAX_DIFFERENCE, np.nan])
    def test_refuses_another_result(self, factor: float) -> None:
        writer, replacement = writing(factor)
        assert checked(DOUBLING, [replacement], writer.constants) is None

    def test_refuses_another_shape(self) -> None:
        graph = doubling()
        # All values are equal to one of the result.
        nodes = [new_node("ReduceMax", ("x",), "y", {"keepdims": 1})]
        constant = {"x": np.zeros(8, np.float32)}
        replacement = Replacement(replacing(graph, nodes).region, tuple(nodes), constant)
        assert checked(graph, [replacement], {}) is None

    def test_a_region_that_cannot_run_stays(self, caplog: pytest.LogCaptureFixture) -> None:
        graph = doubling()

        def unknown_operation(*_: object) -> list[Replacement]:
            return [replacing(graph, [new_node("NoSuchOperation", ("x",), "y")])]

        with caplog.at_level("INFO", text_simplification.__name__):
            assert simplified(graph, [unknown_operation]).nodes == graph.nodes[:2]
        assert "unknown_operation" in caplog.text

    def test_memory_that_ran_out_is_an_error(self) -> None:
        def too_large(*_: object) -> list[Replacement]:
            raise MemoryError

        with pytest.raises(MemoryError):
            simplified(doubling(), [too_large])
