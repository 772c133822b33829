from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.checkpoints.tiny_onnx_voice import make_tiny_voice
from tests.support.spectra import log_spectral_distance
from tests.support.voice_windows import SCALES, feeds
from wyoming_voice_stack.onnx_file import schema
from wyoming_voice_stack.onnx_file.building import new_constant, new_graph, new_node
from wyoming_voice_stack.onnx_file.graph import Graph
from wyoming_voice_stack.onnx_file.nodes import Node
from wyoming_voice_stack.tts.engines.inference_sessions import session_from_bytes
from wyoming_voice_stack.tts.engines.vits import integer_convolutions, sessions
from wyoming_voice_stack.tts.engines.vits.integer_convolutions import (
    LARGEST_WEIGHT,
    with_integer_convolutions,
)
from wyoming_voice_stack.tts.engines.vits.sessions import (
    MIN_SHARED_INTEGER_PHONEMES,
    MIN_SHARED_PHONEMES,
    StreamingVoice,
    load_voice,
)
from wyoming_voice_stack.tts.engines.vits.streaming_sentence import StreamingSentence
from wyoming_voice_stack.tts.engines.vits.windows import Window

CHANNELS_IN, CHANNELS_OUT = 192, 384
POSITIONS = 50


def weights(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, shape).astype(np.float32)


def graph_of(layer: Node, *shape: int) -> Graph:
    constants = {"w": weights(*shape), "b": weights(shape[0])}
    return new_graph([new_node("Identity", ["given"], "x"), layer], constants, ["y"])


def layer_of(bias: Sequence[str] = ("b",), **attributes: int | tuple[int, ...]) -> Node:
    return new_node("Conv", ("x", "w", *bias), "y", attributes)


def run(graph: Graph, nodes: Sequence[Node], values: np.ndarray) -> np.ndarray:
    session = session_from_bytes(graph.part(nodes, {"x": schema.FLOAT32}, ["y"]))
    result: np.ndarray = session.run(None, {"x": values})[0]
    return result


def operations(nodes: Sequence[Node]) -> list[str]:
    return [node.operation for node in nodes]


@pytest.fixture
def _always_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine that runs the tests."""
    monkeypatch.setattr(integer_convolutions, "MAX_TIME_SHARE", 1000.0)


@pytest.mark.usefixtures("_always_faster")
class TestLayers:
    @pytest.mark.parametrize("bias", [["b"], [""], []], ids=["bias", "left out", "none"])
    @pytest.mark.parametrize(
        ("kernel", "dilation", "pads"), [(5, 1, (2, 2)), (3, 4, (0, 8)), (3, 1, (0, 0)), (7, 2, ())]
    )
    def test_nearly_the_same_result(
        self, kernel: int, dilation: int, pads: tuple[int, ...], bias: list[str]
    ) -> None:
        attributes = {"kernel_shape": (kernel,), "dilations": (dilation,)}
        layer = layer_of(bias, **attributes, **({"pads": pads} if pads else {}))
        graph = graph_of(layer, CHANNELS_OUT, CHANNELS_IN, kernel)
        values = weights(1, CHANNELS_IN, POSITIONS)
        changed, nodes = with_integer_convolutions(graph, [layer], {"x": values})
        assert operations(nodes).count("MatMulInteger") == 1
        assert "Conv" not in operations(changed.nodes)
        exact, rounded = run(graph, [layer], values), run(changed, nodes, values)
        assert exact.shape == rounded.shape
        noise = np.mean((exact - rounded) ** 2) / np.mean(exact**2)
        assert 0 < noise < 10**-3

    def test_a_channel_without_weights(self) -> None:
        layer = layer_of()
        constants = {"w": weights(CHANNELS_OUT, CHANNELS_IN, 3), "b": weights(CHANNELS_OUT)}
        constants["w"][7] = 0
        graph = new_graph([new_node("Identity", ["given"], "x"), layer], constants, ["y"])
        values = weights(1, CHANNELS_IN, POSITIONS)
        changed, nodes = with_integer_convolutions(graph, [layer], {"x": values})
        assert len(nodes) > 1
        assert run(changed, nodes, values)[0, 7] == pytest.approx(constants["b"][7])

    @pytest.mark.parametrize(
        ("shape", "attributes", "example"),
        [
            ((CHANNELS_OUT, 192, 1), {}, (1, 192, POSITIONS)),
            ((CHANNELS_OUT, 192, 3), {"group": 2}, (1, 384, POSITIONS)),
            ((CHANNELS_OUT, 192, 3), {"strides": (2,)}, (1, 192, POSITIONS)),
            ((CHANNELS_OUT, 192, 1, 3), {}, (1, 192, 1, POSITIONS)),
        ],
        ids=["small", "groups", "strides", "2-D"],
    )
    def test_other_layers_stay(
        self, shape: tuple[int, ...], attributes: dict[str, Any], example: tuple[int, ...]
    ) -> None:
        layer = layer_of(**attributes)
        graph = graph_of(layer, *shape)
        run(graph, [layer], weights(*example))
        found = with_integer_convolutions(graph, [layer], {"x": weights(*example)})
        assert found == (graph, (layer,))

    def test_outliers_keep_the_floats(self) -> None:
        layer = layer_of()
        graph = graph_of(layer, CHANNELS_OUT, CHANNELS_IN, 3)
        values = weights(1, CHANNELS_IN, POSITIONS)
        values[0, 3, 7] = 50
        constants = {**graph.initializers, "w": _without_input(3)}
        graph = Graph(graph.nodes, constants, {}, graph.outputs, graph.model_fields)
        assert with_integer_convolutions(graph, [layer], {"x": values}) == (graph, (layer,))

    def test_no_example(self) -> None:
        layer = layer_of()
        graph = graph_of(layer, CHANNELS_OUT, CHANNELS_IN, 3)
        assert with_integer_convolutions(graph, [layer], {}) == (graph, (layer,))

    def test_an_example_that_fails(self, caplog: pytest.LogCaptureFixture) -> None:
        layer = layer_of()
        graph = graph_of(layer, CHANNELS_OUT, CHANNELS_IN, 3)
        caplog.set_level(logging.INFO)
        values = weights(1, CHANNELS_IN + 1, POSITIONS)
        assert with_integer_convolutions(graph, [layer], {"x": values}) == (graph, (layer,))
        assert "Computing with floats instead of 8-bit integers" in caplog.text

    def test_a_layer_of_the_speaker_alone(self) -> None:
        layer = layer_of(pads=(1, 1))
        graph = graph_of(layer, CHANNELS_OUT, CHANNELS_IN, 3)
        values = weights(1, CHANNELS_IN, 1)
        assert with_integer_convolutions(graph, [layer], {"x": values}) == (graph, (layer,))

    def test_seven_bits(self) -> None:
        """AVX2 adds two products of a byte and a weight in 16 bits, with a limit that rounds wrongly."""
        assert 2 * 255 * LARGEST_WEIGHT < 2**15
        assert 2 * 255 * (LARGEST_WEIGHT + 2) > 2**15


def test_a_machine_on_which_floats_are_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(integer_convolutions, "MAX_TIME_SHARE", 0.0)
    layer = layer_of()
    graph = graph_of(layer, CHANNELS_OUT, CHANNELS_IN, 3)
    values = weights(1, CHANNELS_IN, POSITIONS)
    assert with_integer_convolutions(graph, [layer], {"x": values}) == (graph, (layer,))


@pytest.fixture(scope="module")
def exact(piper_model: Path) -> StreamingVoice:
    voice = load_voice(piper_model, threads=2)
    assert isinstance(voice, StreamingVoice)
    return voice


@pytest.fixture(scope="module")
def rounded(piper_model: Path) -> StreamingVoice:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(integer_convolutions, "MAX_TIME_SHARE", 1000.0)
        voice = load_voice(piper_model, threads=2, example=feeds(120))
    assert isinstance(voice, StreamingVoice)
    return voice


class TestRealVoice:
    def test_differs_less_than_two_draws_of_the_noise(
        self, exact: StreamingVoice, rounded: StreamingVoice
    ) -> None:
        asked = feeds(120, SCALES * np.array([1, 1, 0], np.float32))
        first, second = (_sound(exact, exact.encode(asked)) for _ in range(2))
        sentence = exact.encode(asked)
        third, third_rounded = (_sound(each, sentence) for each in (exact, rounded))
        difference = log_spectral_distance(third, third_rounded)
        assert 0 < difference < log_spectral_distance(first, second) / 3

    def test_lasts_as_long(self, exact: StreamingVoice, rounded: StreamingVoice) -> None:
        asked = feeds(250, SCALES * np.array([1, 1, 0], np.float32))
        frames = [each.encode(asked).frames for each in (exact, rounded)]
        assert frames[0] != 0
        assert frames[1] == pytest.approx(frames[0], rel=0.03)

    def test_threads_share_longer_texts(
        self, exact: StreamingVoice, rounded: StreamingVoice
    ) -> None:
        assert exact._encoder.min_shared_phonemes == MIN_SHARED_PHONEMES
        assert rounded._encoder.min_shared_phonemes == MIN_SHARED_INTEGER_PHONEMES

    def test_the_sessions_share_the_integers(self, rounded: StreamingVoice) -> None:
        kinds = {each.data_type() for each in rounded._encoder.weights.values()}
        assert kinds == {"tensor(float)", "tensor(int8)"}

    def test_an_example_that_the_voice_does_not_know(
        self, piper_model: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        unknown = feeds(120)
        unknown["input"] += 10_000
        voice = load_voice(piper_model, threads=2, example=unknown)
        assert isinstance(voice, StreamingVoice)
        assert voice._encoder.min_shared_phonemes == MIN_SHARED_PHONEMES
        # ONNX Runtime prints errors of its own.
        assert capfd.readouterr().err == ""


@pytest.mark.usefixtures("_always_faster")
def test_an_example_that_only_the_whole_encoder_fails_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no such speaker")

    monkeypatch.setattr(integer_convolutions, "MIN_WEIGHTS", 1)
    monkeypatch.setattr(sessions, "try_session", fail)
    path = make_tiny_voice(tmp_path / "voice.onnx", unbounded_flow=True)
    voice = load_voice(path, threads=2, example=feeds(20))
    assert isinstance(voice, StreamingVoice)
    assert voice._encoder.min_shared_phonemes == MIN_SHARED_INTEGER_PHONEMES


def _sound(voice: StreamingVoice, sentence: StreamingSentence) -> np.ndarray:
    again = StreamingSentence(voice._stages, dict(sentence._tensors))
    sound: np.ndarray = again.decode(Window(0, sentence.frames))
    return sound


def _without_input(channel: int) -> memoryview:
    """Weights that do not use the input with an outlier: all others are rounded to nothing."""
    values = weights(CHANNELS_OUT, CHANNELS_IN, 3)
    values[:, channel] = 0
    return new_constant("w", values)
