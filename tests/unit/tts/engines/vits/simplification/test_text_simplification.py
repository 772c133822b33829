"""The simplified text half of a real voice computes what the exported one does."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.voice_windows import SCALES, feeds
from wyoming_voice_stack.onnx_file.graph import Graph, read_graph
from wyoming_voice_stack.tts.engines.inference_sessions import session_from_bytes
from wyoming_voice_stack.tts.engines.vits.partition import partition
from wyoming_voice_stack.tts.engines.vits.simplification import (
    duration_spline,
    layer_norms,
    relative_attention,
)
from wyoming_voice_stack.tts.engines.vits.simplification.text_simplification import (
    REWRITES,
    simplified,
)

STEADY = SCALES * np.array([0, 1, 0], np.float32)
"""No noise, of which each session draws its own."""


@pytest.fixture(scope="module")
def exported(piper_model: Path) -> Graph:
    return read_graph(memoryview(piper_model.read_bytes()))


@pytest.fixture(scope="module")
def simple(exported: Graph) -> Graph:
    return simplified(exported)


def text_session(graph: Graph) -> Any:
    found = partition(graph)
    latents = found.parts[0].signature.source
    return session_from_bytes(graph.part(found.text_nodes, {}, [latents]))


def latents(session: Any, phonemes: int, seed: int = 0) -> np.ndarray:
    given = feeds(phonemes, STEADY)
    given["input"] = np.random.default_rng(seed).integers(14, 60, (1, phonemes))
    names = {each.name for each in session.get_inputs()}
    result: np.ndarray = session.run(None, {name: given[name] for name in names})[0]
    return result


class TestRealVoice:
    def test_computes_the_same(self, exported: Graph, simple: Graph) -> None:
        before, after = text_session(exported), text_session(simple)
        for seed, phonemes in enumerate((1, 2, 3, 9, 60, 130, 250)):
            one, other = (latents(session, phonemes, seed) for session in (before, after))
            assert one.shape == other.shape
            assert np.abs(one).max() > 1
            assert np.abs(one - other).max() < 1e-5

    def test_has_a_third_of_the_operations(self, exported: Graph, simple: Graph) -> None:
        counts = [
            sum(node.outputs[0] not in graph.constants for node in partition(graph).text_nodes)
            for graph in (exported, simple)
        ]
        assert counts[1] < counts[0] / 3
        operations = Counter(node.operation for node in simple.nodes)
        # Two for each of six layers of attention, and one for each of three splines.
        assert operations["GatherElements"] == 6 * 2 + 3
        # Two for each of six layers and for each pair of convolutions of the duration predictor.
        assert operations["LayerNormalization"] == 6 * 2 + 4 * 3 * 2
        assert not operations.keys() & {"ScatterND", "NonZero", "ReduceMean"}

    def test_masks_are_no_inputs_of_the_windows(self, exported: Graph, simple: Graph) -> None:
        assert all(part.signature.others for part in partition(exported).parts[:4])
        assert not any(part.signature.others for part in partition(simple).parts)

    @pytest.mark.parametrize("rewrite", REWRITES, ids=lambda each: each.__name__)
    def test_each_rewrite_changes_the_graph(self, exported: Graph, rewrite: Any) -> None:
        assert len(simplified(exported, [rewrite]).nodes) < len(simplified(exported, []).nodes)


class TestAnotherResult:
    @pytest.mark.parametrize(
        ("module", "name", "value"),
        [
            (layer_norms, "EPSILON", 1.1e-5),
            (duration_spline, "BOUND", 4.99),
            (duration_spline, "SMALLEST", 0.0011),
            (duration_spline, "OUTER_SLOPE", 0.55),
        ],
    )
    def test_leaves_the_nodes_as_they_are(
        self,
        exported: Graph,
        module: Any,
        name: str,
        value: float,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        (rewrite,) = (each for each in REWRITES if each.__module__ == module.__name__)
        untouched = len(simplified(exported, []).nodes)
        monkeypatch.setattr(module, name, value)
        with caplog.at_level(logging.INFO):
            graph = simplified(exported, [rewrite])
        assert len(graph.nodes) == untouched
        assert rewrite.__name__ in caplog.text

    @pytest.mark.parametrize(("name", "number"), [("_PROJECTIONS", 2), ("_EMBEDDINGS", 1)])
    def test_attention_of_another_kind_stays(
        self, exported: Graph, name: str, number: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(relative_attention, name, number)
        graph = simplified(exported, [relative_attention.relative_attentions])
        assert len(graph.nodes) == len(simplified(exported, []).nodes)
