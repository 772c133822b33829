from __future__ import annotations

import numpy as np
import pytest

from wyoming_voice_stack.onnx_file.building import new_graph, new_node
from wyoming_voice_stack.onnx_file.graph import Graph
from wyoming_voice_stack.onnx_file.nodes import Node
from wyoming_voice_stack.tts.engines.vits.simplification.sequence_masks import (
    LENGTHS,
    PHONEMES,
    sequence_masks,
    without_masks,
)

CONSTANTS = {
    "zero": np.array(0),
    "one": np.array(1),
    "two": np.array(2),
    "axis": np.array([0]),
    "half": np.array(0.5, np.float32),
}


def masking(*more: Node, lengths: str = LENGTHS, counted: str = "Shape") -> Graph:
    """A mask of the phonemes' positions, and `more`."""
    nodes = [
        new_node(counted, (PHONEMES,), "shape"),
        new_node("Gather", ("shape", "one"), "longest"),
        new_node("Range", ("zero", "longest", "one"), "positions"),
        new_node("Unsqueeze", ("positions", "axis"), "row"),
        new_node("Unsqueeze", (lengths, "axis"), "column"),
        new_node("Less", ("row", "column"), "within"),
        new_node("Cast", ("within",), "mask", {"to": 1}),
        *more,
    ]
    return new_graph(nodes, CONSTANTS, [nodes[-1].outputs[0]])


def last_after(graph: Graph) -> Node:
    return without_masks(graph, sequence_masks(graph)).nodes[-1]


def test_a_product_with_a_mask_is_the_other_factor() -> None:
    for factors in (("data", "mask"), ("mask", "data")):
        product = new_node("Mul", factors, "product")
        graph = masking(new_node("Cast", (PHONEMES,), "data", {"to": 1}), product)
        after = last_after(graph)
        assert (after.operation, after.inputs, after.outputs) == (
            "Identity",
            ("data",),
            ("product",),
        )


def test_masks_of_masks_are_masks() -> None:
    joined = new_node("Mul", ("mask", "higher"), "joined")
    graph = masking(new_node("Unsqueeze", ("mask", "axis"), "higher"), joined)
    assert sequence_masks(graph) == {"within", "mask", "higher", "joined"}
    # Neither factor has the shape of the product.
    assert last_after(graph) is joined


def test_the_longest_of_the_lengths_is_that_of_the_only_sentence() -> None:
    graph = new_graph(
        [
            new_node("ReduceMax", ("frames",), "longest", {"keepdims": 0}),
            new_node("Range", ("zero", "longest", "one"), "positions"),
            new_node("Unsqueeze", ("frames", "axis"), "column"),
            new_node("Less", ("positions", "column"), "within"),
        ],
        CONSTANTS,
        ["within"],
    )
    assert sequence_masks(graph) == {"within"}


@pytest.mark.parametrize(
    "product",
    [
        new_node("Mul", ("speaker", "mask"), "product"),
        new_node("Mul", ("half", "mask"), "product"),
        new_node("Add", ("data", "mask"), "product"),
        new_node("Mul", ("data", "data"), "product"),
    ],
    ids=["no time axis", "constant", "sum", "no mask"],
)
def test_other_nodes_stay(product: Node) -> None:
    graph = masking(
        new_node("Cast", (PHONEMES,), "data", {"to": 1}),
        new_node("Cast", ("sid",), "speaker", {"to": 1}),
        product,
    )
    assert last_after(graph) is product


def test_scaled_masks_are_no_masks() -> None:
    graph = masking(new_node("Mul", ("mask", "half"), "scaled"))
    assert "scaled" not in sequence_masks(graph)


def test_a_comparison_with_something_else_is_no_mask() -> None:
    assert sequence_masks(masking(lengths="thresholds")) == frozenset()


def test_positions_up_to_a_phoneme_number_are_no_mask() -> None:
    assert sequence_masks(masking(counted="Identity")) == frozenset()
