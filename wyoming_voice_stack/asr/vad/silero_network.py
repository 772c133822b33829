"""Silero's voice activity network (https://github.com/snakers4/silero-vad), computed with numpy.

The spectrum of a window goes through four small convolutions and one recurrent cell (LSTM), whose
state carries over to the next window. ONNX Runtime is as fast (both take less than 0.1 ms for a window)
and needs 29 MB more memory, a tenth of the speech-to-text process.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.asr.engine import Samples
from wyoming_voice_stack.errors import ModelCorrupt, ModelNotFound
from wyoming_voice_stack.onnx_file.graph import Graph, read_graph

CONTEXT_SAMPLES = 64
"""Samples of the preceding window that are part of each window's input."""
WINDOW_SAMPLES = 512

_FFT = 256
_HOP = 128
_BINS = 129
_CELL = 128
_FRAMES = (CONTEXT_SAMPLES + WINDOW_SAMPLES + CONTEXT_SAMPLES - _FFT) // _HOP + 1
_FRAME_SAMPLES = _HOP * np.arange(_FRAMES)[:, None] + np.arange(_FFT)
"""Numbers of the samples of each frame, [frames, 256]."""

_STRIDES = (1, 2, 2, 1)
_SHAPES: tuple[tuple[int, ...], ...] = (
    (2 * _BINS, 1, _FFT),
    *((128, _BINS, 3), (128,), (64, 128, 3), (64,), (64, 64, 3), (64,), (128, 64, 3), (128,)),
    *((1, _CELL, 1), (1,)),
    *((1, 4 * _CELL, 128), (1, 4 * _CELL, _CELL), (1, 8 * _CELL)),
)
"""Shapes of the weights in the file's order: spectrum, convolutions, output layer, recurrent cell."""
_OPERATIONS = (
    *("Conv", "Pow", "Pow", "Add", "Sqrt"),
    *("Conv", "Relu") * len(_STRIDES),
    *("LSTM", "Relu", "Conv", "Sigmoid"),
)
"""The graph's operations, without those of `_SHAPING`."""
_SHAPING = frozenset(
    {
        *("Cast", "Concat", "Constant", "ConstantOfShape", "Pad"),
        *("Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze"),
    }
)
"""Operations that only move values; the two packages use different ones."""

Weights: TypeAlias = npt.NDArray[np.float32]
Probabilities: TypeAlias = npt.NDArray[np.float32]
"""Probability of speech per window, shape [windows]."""


class State(NamedTuple):
    """State of the recurrent cell; with numpy, each part has shape [128]."""

    hidden: Weights
    cell: Weights


@dataclass(frozen=True, eq=False)
class SileroNetwork:
    """The network's weights in the layout of the computation. Any thread may use it."""

    spectrum: Weights
    """[256, 2 * 129]: real parts, then imaginary parts."""
    convolutions: tuple[tuple[Weights, Weights], ...]
    """A matrix and a bias for each, applied to all frames of a window at once."""
    cell_input: Weights
    cell_recurrent: Weights
    cell_bias: Weights
    output: Weights
    output_bias: np.float32

    @classmethod
    def read(cls, path: Path) -> SileroNetwork:
        """Read a file in the sequence layout, as in silero-vad and faster-whisper.

        Raises:
            ModelNotFound: the file cannot be opened.
            ModelCorrupt: the file is damaged, or its graph is not the expected one.
        """
        try:
            graph = read_graph(memoryview(path.read_bytes()))
            # Leaves out the exponent of the squares, a scalar.
            weights = [each for each in graph.weights().values() if each.ndim]
        except OSError as error:
            raise ModelNotFound(
                f"The voice activity model {path} cannot be read ({error.strerror});"
                " reinstall faster-whisper and silero-vad."
            ) from error
        except ValueError as error:
            raise ModelCorrupt(
                f"The voice activity model {path} is damaged ({error});"
                " reinstall faster-whisper and silero-vad."
            ) from error
        if tuple(each.shape for each in weights) != _SHAPES or not _has_known_operations(graph):
            raise ModelCorrupt(
                f"{path} is not a Silero voice activity model that this version supports;"
                " reinstall faster-whisper and silero-vad."
            )
        return cls._of(weights)

    @classmethod
    def _of(cls, weights: list[Weights]) -> SileroNetwork:
        spectrum, *layers, output, output_bias, cell_input, recurrent, biases = weights
        convolutions, frames = [], _FRAMES
        for kernel, bias, stride in zip(layers[::2], layers[1::2], _STRIDES, strict=True):
            matrix = _as_matrix(kernel, frames, stride)
            frames = matrix.shape[1] // len(bias)
            convolutions.append((matrix, np.tile(bias, frames)))
        return cls(
            spectrum=_columns(spectrum[:, 0]),
            convolutions=tuple(convolutions),
            cell_input=_columns(cell_input[0]),
            cell_recurrent=_columns(recurrent[0]),
            cell_bias=biases[0].reshape(2, -1).sum(axis=0),
            output=output[0, :, 0].copy(),
            output_bias=output_bias[0],
        )

    def initial_state(self) -> State:
        """Return the state before a stream's first window."""
        return State(np.zeros(_CELL, np.float32), np.zeros(_CELL, np.float32))

    def judge(self, windows: Samples, state: State) -> tuple[Probabilities, State]:
        """Compute the speech probability of successive windows of one stream.

        Args:
            windows: [windows, context + window] samples at 16 kHz.
            state: the state after the preceding window.

        Returns:
            The probability of each window, and the state after the last one.
        """
        gates = self._features(windows) @ self.cell_input + self.cell_bias
        hidden, cell = state
        steps = np.empty((len(windows), _CELL), np.float32)
        for step, gate in zip(steps, gates, strict=True):
            input_, output, forget, new = (gate + hidden @ self.cell_recurrent).reshape(4, -1)
            cell = _sigmoid(forget) * cell + _sigmoid(input_) * np.tanh(new)
            hidden = _sigmoid(output) * np.tanh(cell)
            step[:] = hidden
        found = _sigmoid(np.maximum(steps, 0) @ self.output + self.output_bias)
        return found, State(hidden, cell)

    def _features(self, windows: Samples) -> Weights:
        reflected = windows[:, -CONTEXT_SAMPLES - 1 : -1][:, ::-1]
        samples = np.concatenate([windows, reflected], axis=1, dtype=np.float32)
        frames = samples[:, _FRAME_SAMPLES].reshape(-1, _FFT)
        waves = (frames @ self.spectrum).reshape(-1, 2, _BINS)
        features: Weights = np.hypot(waves[:, 0], waves[:, 1]).reshape(len(windows), -1)
        for matrix, bias in self.convolutions:
            features = np.maximum(features @ matrix + bias, 0)
        return features


def _has_known_operations(graph: Graph) -> bool:
    computing = [node for node in graph.nodes if node.operation not in _SHAPING]
    strides = [node.integer("strides", 1) for node in computing if node.operation == "Conv"]
    return tuple(node.operation for node in computing) == _OPERATIONS and strides == [
        _HOP,
        *_STRIDES,
        1,
    ]


def _as_matrix(kernel: Weights, frames: int, stride: int) -> Weights:
    """Write a convolution with a padding of one frame as [frames * inputs, frames * outputs]."""
    outputs, inputs, width = kernel.shape
    kept = range(0, frames, stride)
    matrix = np.zeros((frames + 2, inputs, len(kept), outputs), np.float32)
    for position, first in enumerate(kept):
        matrix[first : first + width, :, position] = kernel.transpose(2, 1, 0)
    return matrix[1:-1].reshape(frames * inputs, -1)


def _columns(matrix: Weights) -> Weights:
    return np.ascontiguousarray(matrix.T)


def _sigmoid(values: Weights) -> Weights:
    # Unlike 1 / (1 + exp(-x)), this never overflows.
    found: Weights = np.float32(0.5) * np.tanh(np.float32(0.5) * values) + np.float32(0.5)
    return found
