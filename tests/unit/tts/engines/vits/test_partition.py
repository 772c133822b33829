"""Where the vocoder of a graph begins, and which slices keep time, as exporters write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.checkpoints.graph_writer import GraphWriter
from wyoming_voice_stack.onnx_file.graph import read_graph
from wyoming_voice_stack.tts.engines.vits.partition import GraphPartition, partition
from wyoming_voice_stack.tts.engines.vits.receptive_field import NotStreamable, ReceptiveField

HOP = 8
_LAST = 2**31 - 1
Write = Callable[[GraphWriter], str]


def divided(
    folder: Path,
    before: Write,
    after: Write = lambda _: "up",
    end: Write = lambda _: "sound",
    kernel: int = 3,
) -> GraphPartition:
    """Partition a graph of one upsampling.

    `before` writes its input, `after` the input of the last layer, which has the `kernel`, and `end` what
    follows that.
    """
    writer = GraphWriter()
    writer.interface(11, "latent", "float32", 1, 4, "frames")
    writer.constant("shape", [1, 4, 3])
    writer.random("up.weight", 4, 4, 2 * HOP)
    source = before(writer)
    widths = {"kernel_shape": [2 * HOP], "strides": [HOP], "pads": [HOP // 2] * 2}
    writer.node("ConvTranspose", f"{source} up.weight", "up", dilations=[1], **widths)
    convolution(writer, after(writer), "sound", kernel)
    writer.interface(12, end(writer), "float32", 1, 4, "time")
    model = writer.save(folder / "voice.onnx", operators=15).read_bytes()
    return partition(read_graph(memoryview(model)))


def convolution(writer: GraphWriter, source: str, result: str, kernel: int = 3) -> str:
    writer.random(f"{result}.weight", 4, 4, kernel)
    pads = [kernel // 2] * 2
    shape = {"kernel_shape": [kernel], "dilations": [1], "pads": pads, "strides": [1]}
    return writer.node("Conv", f"{source} {result}.weight", result, **shape)


def first(writer: GraphWriter) -> str:
    return convolution(writer, "latent", "first")


class TestFirstConvolution:
    def test_elementwise_layers_may_follow_it(self, tmp_path: Path) -> None:
        def before(writer: GraphWriter) -> str:
            writer.node("Tanh", first(writer), "curved")
            writer.constant("one", 1.0, "float32")
            return writer.node("Mul", "one curved", "scaled")

        found = divided(tmp_path, before)
        assert [part.signature.source for part in found.parts] == ["latent"]
        assert found.parts[0].signature.receptive_field.hop == HOP

    @pytest.mark.parametrize(
        "before",
        [
            pytest.param(lambda _: "latent", id="none"),
            # Its channels are those of the convolution in another order: one more layer of an unknown kind.
            pytest.param(
                lambda writer: writer.node("Concat", f"{first(writer)} first", "both", axis=1),
                id="another layer between",
            ),
            pytest.param(
                lambda writer: writer.node("ConstantOfShape", "shape", "constant"),
                id="only constants",
            ),
        ],
    )
    def test_it_cannot_be_found_elsewhere(self, tmp_path: Path, before: Write) -> None:
        with pytest.raises(NotStreamable, match="first convolution cannot be identified"):
            divided(tmp_path, before)


class TestReceptiveField:
    @pytest.mark.parametrize(
        ("kernel", "reach"),
        [
            # The upsampling reaches from 11 positions before a frame's first to 4 behind it. A frame's eight
            # positions need four more on both sides: the frames beside it, and those of the first layer.
            (9, 2),
            # One position more is that of the next frame.
            (11, 3),
        ],
    )
    def test_it_is_exact(self, tmp_path: Path, kernel: int, reach: int) -> None:
        [part] = divided(tmp_path, first, kernel=kernel).parts
        assert part.signature.receptive_field == ReceptiveField(reach, reach, HOP)

    def test_axes_may_change_behind_the_last_layer_only(self, tmp_path: Path) -> None:
        def unsqueezed(writer: GraphWriter, source: str) -> str:
            return writer.node("Unsqueeze", f"{source} {writer.constant('axis', [0])}", "more")

        assert divided(tmp_path, first, end=lambda writer: unsqueezed(writer, "sound")).parts
        with pytest.raises(NotStreamable, match="axes change"):
            divided(tmp_path, first, lambda writer: unsqueezed(writer, "up"))


class TestSplits:
    def test_a_half_that_nothing_uses_is_left_out(self, tmp_path: Path) -> None:
        def half(writer: GraphWriter) -> str:
            writer.node("Split", f"up {writer.constant('sizes', [4, 4])}", "used unused", axis=1)
            return "used"

        assert divided(tmp_path, first, half).parts[0].signature.receptive_field.hop == HOP


class TestSlices:
    @pytest.mark.parametrize(
        ("axes", "starts", "ends", "steps"),
        [
            pytest.param([1], [0], [2], None, id="channels, without steps"),
            pytest.param([1], [0], [2], [1], id="channels"),
            pytest.param([1], [0], [4], [2], id="every second channel"),
            pytest.param([2], [0], [_LAST], None, id="all of the time, without steps"),
            pytest.param([2], [0], [_LAST], [1], id="all of the time"),
            pytest.param([1, 2], [0, 0], [2, _LAST], [2, 1], id="both"),
        ],
    )
    def test_time_is_kept(
        self, tmp_path: Path, axes: list[int], starts: list[int], ends: list[int], steps: list[int]
    ) -> None:
        found = divided(tmp_path, first, lambda writer: sliced(writer, axes, starts, ends, steps))
        assert found.parts

    @pytest.mark.parametrize(
        ("axes", "starts", "ends", "steps"),
        [
            pytest.param([2], [1], [_LAST], None, id="not from the beginning"),
            pytest.param([2], [0], [_LAST - 1], None, id="not to the end"),
            pytest.param([2], [0], [_LAST], [2], id="every second position"),
            pytest.param([-1], [0], [_LAST], None, id="an axis from the end"),
            pytest.param([1, 2], [0, 1], [2, _LAST], None, id="both"),
            pytest.param(None, [0], [2], None, id="no axes"),
        ],
    )
    def test_time_is_cut(
        self,
        tmp_path: Path,
        axes: list[int] | None,
        starts: list[int],
        ends: list[int],
        steps: list[int] | None,
    ) -> None:
        with pytest.raises(NotStreamable, match="sliced in time"):
            divided(tmp_path, first, lambda writer: sliced(writer, axes, starts, ends, steps))


def sliced(
    writer: GraphWriter,
    axes: list[int] | None,
    starts: list[int],
    ends: list[int],
    steps: list[int] | None,
) -> str:
    given = {"starts": starts, "ends": ends, "axes": axes, "steps": steps}
    names = [
        "-" if values is None else writer.constant(name, values) for name, values in given.items()
    ]
    while names[-1] == "-":
        names.pop()
    return writer.node("Slice", f"up {' '.join(names)}", "some")
