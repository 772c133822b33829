"""Silero's voice activity network (https://github.com/snakers4/silero-vad), computed by numpy.

A window's spectrum passes four small convolutions, and one recurrent cell (LSTM) goes from window
to window. ONNX Runtime takes as long for it (0.1 ms for a window of a live stream) and holds 28 MB
more, a tenth of the speech-to-text process.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.asr.engine import Samples
from wyoming_voice_stack.errors import ModelCorrupt, ModelNotFound
from wyoming_voice_stack.onnx_file.graph import read_graph

CONTEXT_SAMPLES = 64
"""Of the window before, which each window is judged with."""
WINDOW_SAMPLES = 512

_FFT = 256
_HOP = 128
_BINS = 129
_CELL = 128
_FRAMES = (CONTEXT_SAMPLES + WINDOW_SAMPLES + CONTEXT_SAMPLES - _FFT) // _HOP + 1

_STRIDES = (1, 2, 2, 1)
_SHAPES: tuple[tuple[int, ...], ...] = (
    (2 * _BINS, 1, _FFT),
    *((128, _BINS, 3), (128,), (64, 128, 3), (64,), (64, 64, 3), (64,), (128, 64, 3), (128,)),
    *((1, _CELL, 1), (1,)),
    *((1, 4 * _CELL, 128), (1, 4 * _CELL, _CELL), (1, 8 * _CELL)),
)
"""Of the weights in the file's order: spectrum, convolutions, answer, recurrent cell."""

Weights: TypeAlias = npt.NDArray[np.float32]
Probabilities: TypeAlias = npt.NDArray[np.float32]
"""Probability of speech per window, shape [windows]."""


class State(NamedTuple):
    """What the recurrent cell knows of a stream: each of shape [128]."""

    hidden: Weights
    cell: Weights


@dataclass(frozen=True, eq=False)
class SileroNetwork:
    """The network's weights, laid out as it is computed. Any thread may use it."""

    spectrum: Weights
    """[256, 2 * 129]: real parts, then imaginary ones."""
    convolutions: tuple[tuple[Weights, Weights], ...]
    """Matrix and bias of each, all frames of a window at once."""
    cell_input: Weights
    cell_recurrent: Weights
    cell_bias: Weights
    answer: Weights
    answer_bias: np.float32

    @classmethod
    def read(cls, path: Path) -> SileroNetwork:
        """Read the sequence layout in which silero-vad and faster-whisper bring the network.

        Raises:
            ModelNotFound: there is no such file.
            ModelCorrupt: the file is damaged, or another network.
        """
        try:
            graph = read_graph(memoryview(path.read_bytes()))
            # The exponent of a square is a scalar.
            weights = [each for each in graph.weights().values() if each.ndim]
        except OSError as error:
            raise ModelNotFound(
                f"The voice activity model at {path} cannot be read ({error.strerror});"
                " install faster-whisper and silero-vad again."
            ) from error
        except ValueError as error:
            raise ModelCorrupt(
                f"{path} cannot be read ({error}); install faster-whisper and silero-vad again."
            ) from error
        if tuple(each.shape for each in weights) != _SHAPES:
            raise ModelCorrupt(
                f"{path} is not a Silero voice activity model; install faster-whisper and silero-vad again."
            )
        return cls._of(weights)

    @classmethod
    def _of(cls, weights: list[Weights]) -> SileroNetwork:
        spectrum, *layers, answer, answer_bias, cell_input, recurrent, biases = weights
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
            answer=answer[0, :, 0].copy(),
            answer_bias=answer_bias[0],
        )

    def initial_state(self) -> State:
        """The state before a stream's first window."""
        return State(np.zeros(_CELL, np.float32), np.zeros(_CELL, np.float32))

    def judge(self, windows: Samples, state: State) -> tuple[Probabilities, State]:
        """Judge successive windows of one stream.

        Args:
            windows: [windows, context + window] samples at 16 kHz.
            state: that after the window before the first of these.

        Returns:
            Each window's probability, and the state after the last.
        """
        gates = self._features(windows) @ self.cell_input + self.cell_bias
        hidden, cell = state
        steps = np.empty((len(windows), _CELL), np.float32)
        for step, given in zip(steps, gates, strict=True):
            entering, leaving, kept, new = (given + hidden @ self.cell_recurrent).reshape(4, -1)
            cell = _sigmoid(kept) * cell + _sigmoid(entering) * np.tanh(new)
            hidden = _sigmoid(leaving) * np.tanh(cell)
            step[:] = hidden
        found = _sigmoid(np.maximum(steps, 0) @ self.answer + self.answer_bias)
        return found, State(hidden, cell)

    def _features(self, windows: Samples) -> Weights:
        reflected = windows[:, -CONTEXT_SAMPLES - 1 : -1][:, ::-1]
        samples = np.concatenate([windows, reflected], axis=1, dtype=np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(samples, _FFT, axis=1)[:, ::_HOP]
        waves = (frames.reshape(-1, _FFT) @ self.spectrum).reshape(-1, 2, _BINS)
        features: Weights = np.hypot(waves[:, 0], waves[:, 1]).reshape(len(windows), -1)
        for matrix, bias in self.convolutions:
            features = np.maximum(features @ matrix + bias, 0)
        return features


def _as_matrix(kernel: Weights, frames: int, stride: int) -> Weights:
    """A convolution padded by one frame, as [frames * inputs, frames * outputs]."""
    outputs, inputs, width = kernel.shape
    kept = range(0, frames, stride)
    matrix = np.zeros((frames + 2, inputs, len(kept), outputs), np.float32)
    for place, first in enumerate(kept):
        matrix[first : first + width, :, place] = kernel.transpose(2, 1, 0)
    return matrix[1:-1].reshape(frames * inputs, -1)


def _columns(matrix: Weights) -> Weights:
    return np.ascontiguousarray(matrix.T)


def _sigmoid(values: Weights) -> Weights:
    # Unlike 1 / (1 + exp(-x)), this never overflows.
    found: Weights = np.float32(0.5) * np.tanh(np.float32(0.5) * values) + np.float32(0.5)
    return found
