"""Small random ONNX voices with the structure of Piper's, written without the onnx library."""

from __future__ import annotations

from pathlib import Path

from tests.support.checkpoints.graph_writer import KINDS, GraphWriter

CHANNELS = 4
FRAMES_PER_PHONEME = 8
HOP = 32


class _Voice(GraphWriter):
    def __init__(self, dtype: str) -> None:
        super().__init__()
        self.dtype = dtype

    def weights(self, name: str, *shape: int) -> None:
        self.random(name, *shape, spread=0.5, dtype=self.dtype)

    def convolution(self, source: str, result: str, kernel: int, dilation: int = 1) -> None:
        self.weights(f"{result}.weight", CHANNELS, CHANNELS, kernel)
        pads = [dilation * (kernel - 1) // 2] * 2
        shape = {"kernel_shape": [kernel], "dilations": [dilation], "pads": pads, "strides": [1]}
        self.node("Conv", f"{source} {result}.weight", result, **shape)


def make_tiny_voice(
    path: Path,
    *,
    speakers: int = 1,
    dtype: str = "float32",
    unbounded_flow: bool = False,
    normalized: bool = False,
) -> Path:
    """Write a voice; the last two options prevent separating the flow and the vocoder."""
    voice = _Voice(dtype)
    voice.interface(11, "input", "int64", 1, "phonemes")
    voice.interface(11, "input_lengths", "int64", 1)
    voice.interface(11, "scales", "float32", 3)
    if speakers > 1:
        voice.interface(11, "sid", "int64", 1)
    _text(voice, speakers)
    _flow(voice, speakers, unbounded_flow)
    _vocoder(voice, speakers, normalized)
    voice.interface(12, "output", "float32", 1, 1, "time")
    return voice.save(path, operators=15)


def _text(voice: _Voice, speakers: int) -> None:
    voice.constant("axis", [1])
    voice.constant("last", [-1])
    voice.constant("zero", 0)
    voice.constant("repeats", [1, 1, 1, FRAMES_PER_PHONEME])
    voice.constant("joined", [1, CHANNELS, -1])
    voice.weights("letters", 100, CHANNELS)
    kind = KINDS[voice.dtype]
    voice.node("Gather", "letters input", "read")
    voice.node("Transpose", "read", "turned", perm=[0, 2, 1])
    voice.node("Unsqueeze", "turned last", "columns")
    voice.node("Tile", "columns repeats", "tiled")
    voice.node("Reshape", "tiled joined", "mean")
    voice.node("Gather", "scales zero", "noise_scale")
    voice.node("Cast", "noise_scale", "noise_scale_here", to=kind)
    voice.node("Cast", "mean", "mean_32", to=1)
    voice.node("RandomNormalLike", "mean_32", "noise_32")
    voice.node("Cast", "noise_32", "noise", to=kind)
    voice.node("Mul", "noise noise_scale_here", "scaled_noise")
    voice.node("Add", "mean scaled_noise", "sample")
    # Not all ones, so that a mask cut at other positions than the latents changes the result.
    voice.node("ReduceMean", "mean", "mask", axes=[1], keepdims=1)
    if speakers > 1:
        voice.weights("speakers", speakers, CHANNELS)
        voice.node("Gather", "speakers sid", "speaker_row")
        voice.node("Unsqueeze", "speaker_row last", "speaker")


def _flow(voice: _Voice, speakers: int, unbounded: bool) -> None:
    voice.convolution("sample", "flow", 5)
    voice.node("Add", "flow mask", "masked")
    last = "masked"
    if speakers > 1:
        voice.node("Add", "masked speaker", "flow_of_speaker")
        last = "flow_of_speaker"
    voice.node(
        "Softmax" if unbounded else "Tanh", last, "shift", **({"axis": 2} if unbounded else {})
    )
    voice.node("Sub", "sample shift", "latent")


def _vocoder(voice: _Voice, speakers: int, normalized: bool) -> None:
    voice.convolution("latent", "first", 7)
    into = "first"
    if speakers > 1:
        voice.convolution("speaker", "colour", 1)
        voice.node("Add", "first colour", "coloured")
        into = "coloured"
    voice.weights("up.weight", CHANNELS, CHANNELS, 2 * HOP)
    voice.node("LeakyRelu", into, "lively")
    widths = {"kernel_shape": [2 * HOP], "strides": [HOP], "pads": [HOP // 2] * 2}
    voice.node("ConvTranspose", "lively up.weight", "up", dilations=[1], **widths)
    voice.convolution("up", "block", 7, dilation=12)
    voice.node("Add", "up block", "sum")
    voice.weights("post.weight", 1, CHANNELS, 7)
    shape = {"kernel_shape": [7], "dilations": [1], "pads": [3, 3], "strides": [1]}
    voice.node("Conv", "sum post.weight", "post", **shape)
    voice.node("Tanh", "post", "sound")
    if normalized:
        voice.node("ReduceMax", "sound", "peak", axes=[2], keepdims=1)
        voice.node("Div", "sound peak", "loud")
    voice.node("Cast", "loud" if normalized else "sound", "output", to=1)
