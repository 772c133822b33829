"""A model file in Kokoro's form: the genuine generator's layers with few channels and random weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.onnx_file import schema
from wyoming_voice_stack.onnx_file.building import Attribute, new_graph, new_node
from wyoming_voice_stack.onnx_file.nodes import Node

LATENTS, CHANNELS, HARMONICS, STYLE = 6, (8, 4), 22, 256
FRAMES_PER_TOKEN = 4
TOKENS = 8
"""Different tokens that the model knows."""
KERNELS, DILATIONS = (3, 7, 11), (1, 3, 5)
WAVEFORM = "waveform"


class _TinyKokoro:
    def __init__(self, instance_norms: bool, tokens: str) -> None:
        self.random = np.random.default_rng(7)
        self.constants: dict[str, npt.NDArray[Any]] = {}
        self.nodes: list[Node] = []
        self.instance_norms = instance_norms
        self.tokens = tokens
        self.outputs: list[str] = []

    def constant(self, values: Any, dtype: Any = np.float32) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants[name] = np.array(values, dtype)
        return name

    def weights(self, *shape: int, gain: float = 1.0) -> str:
        scale = gain / np.sqrt(np.prod(shape[1:]))
        return self.constant(self.random.standard_normal(shape) * scale)

    def node(self, operation: str, inputs: Sequence[str], **attributes: Attribute) -> str:
        name = f"{operation}_{len(self.nodes)}"
        self.nodes.append(new_node(operation, inputs, name, attributes))
        return name

    def convolution(
        self, given: str, shape: tuple[int, int, int], dilation: int = 1, gain: float = 1.0
    ) -> str:
        pad = (shape[2] - 1) * dilation // 2
        inputs = [given, self.weights(*shape, gain=gain), self.weights(shape[0], gain=gain)]
        return self.node(
            "Conv", inputs, kernel_shape=(shape[2],), dilations=(dilation,), pads=(pad, pad)
        )

    def norm(self, given: str, channels: int) -> str:
        if self.instance_norms:
            ones, zeros = self.constant(np.ones(channels)), self.constant(np.zeros(channels))
            unit = self.node("InstanceNormalization", [given, ones, zeros])
        else:
            mean = self.node("ReduceMean", [given], axes=(2,))
            centred = self.node("Sub", [given, mean])
            squared = self.node("Mul", [centred, centred])
            variance = self.node("ReduceMean", [squared], axes=(2,))
            variance = self.node("Add", [variance, self.constant(1e-5)])
            unit = self.node("Div", [centred, self.node("Sqrt", [variance])])
        styled = self.node("MatMul", ["style", self.weights(STYLE, 2 * channels, gain=0.05)])
        styled = self.node("Unsqueeze", [styled, self.constant([2], np.int64)])
        halves = [
            self.node("Slice", [styled, *(self.constant([each], np.int64) for each in bounds)])
            for bounds in ((0, channels, 1), (channels, 2 * channels, 1))
        ]
        scale = self.node("Add", [self.constant(1.0), halves[0]])
        return self.node("Add", [self.node("Mul", [scale, unit]), halves[1]])

    def activated(self, given: str, channels: int) -> str:
        alpha = self.random.uniform(0.3, 2, (1, channels, 1))
        wave = self.node("Sin", [self.node("Mul", [self.constant(alpha), given])])
        squared = self.node("Pow", [wave, self.constant(2.0)])
        return self.node("Add", [given, self.node("Mul", [self.constant(1 / alpha), squared])])

    def block(self, given: str, channels: int, kernel: int) -> str:
        for dilation in DILATIONS:
            inner = given
            for each in (dilation, 1):
                inner = self.activated(self.norm(inner, channels), channels)
                inner = self.convolution(inner, (channels, channels, kernel), each)
            given = self.node("Add", [inner, given])
        return given

    def stage(self, given: str, rate: int, sizes: tuple[int, int], source: str) -> str:
        before, channels = sizes
        activated = self.node("LeakyRelu", [given], alpha=0.1)
        inputs = [activated, self.weights(before, channels, 2 * rate), self.weights(channels)]
        total = self.node(
            "ConvTranspose",
            inputs,
            kernel_shape=(2 * rate,),
            strides=(rate,),
            pads=(rate // 2, rate // 2),
        )
        if rate == 6:
            pads = self.constant([0, 0, 1, 0, 0, 0], np.int64)
            total = self.node("Pad", [total, pads], mode="reflect")
        total = self.node("Add", [total, source])
        blocks = [self.block(total, channels, kernel) for kernel in KERNELS]
        summed = self.node("Add", [self.node("Add", blocks[:2]), blocks[2]])
        return self.node("Div", [summed, self.constant(3.0)])

    def sources(self, harmonics: str) -> list[str]:
        coarse, fine = CHANNELS
        inputs = [harmonics, self.weights(coarse, HARMONICS, 12), self.weights(coarse)]
        first = self.node("Conv", inputs, kernel_shape=(12,), strides=(6,), pads=(3, 3))
        second = self.convolution(harmonics, (fine, HARMONICS, 1))
        return [self.block(first, coarse, 7), self.block(second, fine, 11)]

    def text_half(self) -> tuple[str, str]:
        """Latents and harmonics: rows of tables by token, repeated, and scaled by speed and style."""
        repeats = self.constant([1, 1, FRAMES_PER_TOKEN, 1], np.int64)
        tables = (LATENTS, HARMONICS * 60)
        made = []
        for size in tables:
            rows = self.node("Gather", [self.weights(TOKENS, size), self.tokens])
            rows = self.node("Mul", [self.node("Mul", [rows, "speed"]), self.constant(2.0)])
            rows = self.node("Unsqueeze", [rows, self.constant([2], np.int64)])
            made.append(self.node("Tile", [rows, repeats]))
        shape = self.constant([1, -1, LATENTS], np.int64)
        latents = self.node("Reshape", [made[0], shape])
        latents = self.node("Transpose", [latents], perm=(0, 2, 1))
        shape = self.constant([1, -1, HARMONICS], np.int64)
        harmonics = self.node("Reshape", [made[1], shape])
        harmonics = self.node("Transpose", [harmonics], perm=(0, 2, 1))
        pads = self.constant([0, 0, 0, 0, 0, 1], np.int64)
        return latents, self.node("Pad", [harmonics, pads])

    def waveform(self, total: str) -> str:
        given = self.node("LeakyRelu", [total])
        # Magnitudes are exponents of the result.
        spectrum = self.convolution(given, (22, CHANNELS[1], 7), gain=0.2)
        halves = [
            self.node("Slice", [spectrum, *(self.constant([each], np.int64) for each in bounds)])
            for bounds in ((0, 11, 1), (11, 22, 1))
        ]
        size, phase = self.node("Exp", halves[:1]), self.node("Sin", halves[1:])
        parts = [self.node("Mul", [size, self.node(each, [phase])]) for each in ("Cos", "Sin")]
        joined = self.node("Concat", parts, axis=1)
        # A frame's samples are the inverse transform of its spectrum; the windows' squares add up to 1.5.
        window = np.hanning(21)[:20] / 1.5
        rows = np.concatenate([np.fft.irfft(each * np.eye(11)) * window for each in (1, 1j)])
        samples = self.node(
            "ConvTranspose",
            [joined, self.constant(rows[:, None])],
            kernel_shape=(20,),
            strides=(5,),
            pads=(10, 10),
        )
        return self.node("Reshape", [samples, self.constant([1, -1], np.int64)])

    def model(self, output: str) -> bytes:
        self.nodes.append(new_node("Identity", [output], WAVEFORM))
        graph = new_graph(self.nodes, self.constants, [WAVEFORM])
        inputs = {self.tokens: schema.INT64, "style": schema.FLOAT32, "speed": schema.FLOAT32}
        return b"".join(graph.part(graph.nodes, inputs, [WAVEFORM]))


def make_tiny_kokoro(
    path: Path, *, instance_norms: bool = False, tokens: str = "tokens", stages: int = 2
) -> Path:
    """Write a model. With fewer `stages`, its generator has another form."""
    tiny = _TinyKokoro(instance_norms, tokens)
    total, harmonics = tiny.text_half()
    sources = tiny.sources(harmonics)
    sizes = (LATENTS, *CHANNELS)
    rates = (10, 6) if stages == 2 else (10, 3)
    for place, rate in enumerate(rates):
        source = sources[place]
        if rate == 3:
            source = tiny.node(
                "Slice", [source, *(tiny.constant([each], np.int64) for each in (0, 1, 2))]
            )
        total = tiny.stage(total, rate, (sizes[place], sizes[place + 1]), source)
    path.write_bytes(tiny.model(tiny.waveform(total)))
    return path
