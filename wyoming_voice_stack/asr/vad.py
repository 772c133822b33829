"""How likely somebody speaks, by Silero's voice activity network (https://github.com/snakers4/silero-vad).

The network judges windows of 32 ms, each seen together with the last 4 ms before it, and keeps
a recurrent state from window to window. It runs on onnxruntime with one thread: a second of
sound costs about a millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.errors import EngineError, ModelCorrupt, ModelNotFound

WINDOW_SAMPLES = 512
WINDOW_MS = 1000 * WINDOW_SAMPLES // SAMPLE_RATE

QUIET_PEAK = 0.5
MAX_GAIN = 10 ** (30 / 20)
"""Sound that has peaked below `QUIET_PEAK` so far is raised to it, by 30 dB at most, before it is
judged: the network misses one quiet command of sixty otherwise."""

_CONTEXT_SAMPLES = 64
_SILENT_PEAK = 1e-6
_STATE_SIZE = 128
_SLICE_SAMPLES = 60 * SAMPLE_RATE

Probabilities: TypeAlias = npt.NDArray[np.float32]
"""Probability of speech per window, shape [windows]."""


class _Network(Protocol):
    """One way in which the network's file may be laid out. Holds no state of its own."""

    def initial_state(self) -> tuple[Any, ...]: ...

    def judge(self, windows: Samples, state: tuple[Any, ...]) -> tuple[Probabilities, Any]:
        """Judge [windows, context + window] samples; return the state after the last."""
        ...


@dataclass(frozen=True)
class _SequenceLayout:
    """Inputs `input`, `h`, `c`: many windows of one stream in a run."""

    session: Any

    def initial_state(self) -> tuple[Any, ...]:
        return tuple(np.zeros((1, 1, _STATE_SIZE), np.float32) for _ in range(2))

    def judge(self, windows: Samples, state: tuple[Any, ...]) -> tuple[Probabilities, Any]:
        hidden, cell = state
        probabilities, hidden, cell = self.session.run(
            ["speech_probs", "hn", "cn"], {"input": windows, "h": hidden, "c": cell}
        )
        return probabilities, (hidden, cell)


@dataclass(frozen=True)
class _StepLayout:
    """Inputs `input`, `state`, `sr`: one window of each stream in a run."""

    session: Any

    def initial_state(self) -> tuple[Any, ...]:
        return (np.zeros((2, 1, _STATE_SIZE), np.float32),)

    def judge(self, windows: Samples, state: tuple[Any, ...]) -> tuple[Probabilities, Any]:
        (recurrent,) = state
        rate = np.array(SAMPLE_RATE, np.int64)
        found = np.empty(len(windows), np.float32)
        for index in range(len(windows)):
            probability, recurrent = self.session.run(
                ["output", "stateN"],
                {"input": windows[index : index + 1], "state": recurrent, "sr": rate},
            )
            found[index] = probability[0, 0]
        return found, (recurrent,)


_LAYOUTS: dict[frozenset[str], type[_SequenceLayout | _StepLayout]] = {
    frozenset({"input", "h", "c"}): _SequenceLayout,
    frozenset({"input", "state", "sr"}): _StepLayout,
}


class Judging(Protocol):
    """Judges one stream, window by window."""

    def push(self, samples: Samples) -> Probabilities:
        """Judge the windows that these samples complete."""
        ...

    def finish(self) -> Probabilities:
        """Judge what is left as if silence followed."""
        ...


class SileroVad:
    """The loaded network. It keeps nothing of what it heard, so any thread may use it."""

    def __init__(self, network: _Network) -> None:
        self._network = network

    @classmethod
    def load(cls, path: Path) -> SileroVad:
        """Load an ONNX file in either of the two layouts in which the network is published.

        Raises:
            ModelNotFound: there is no such file.
            ModelCorrupt: the file is no such network.
            EngineError: onnxruntime is not installed.
        """
        if not path.is_file():
            raise ModelNotFound(f"There is no voice activity model at {path}; install silero-vad.")
        session = _open_session(path)
        layout = _LAYOUTS.get(frozenset(entry.name for entry in session.get_inputs()))
        if layout is None:
            raise ModelCorrupt(f"{path} is not a Silero voice activity model; install silero-vad.")
        return cls(layout(session))

    def stream(self) -> VadStream:
        """Follow a live stream from its beginning."""
        return VadStream(self._network)

    def speech_probabilities(self, samples: Samples) -> Probabilities:
        """Judge a whole recording, silence filling up its last window."""
        stream = self.stream()
        slices = range(0, len(samples), _SLICE_SAMPLES)
        found = [stream.push(samples[first : first + _SLICE_SAMPLES]) for first in slices]
        return np.concatenate([*found, stream.finish()])


class VadStream:
    """Judges one stream as it comes in, in pieces of any size."""

    def __init__(self, network: _Network) -> None:
        self._network = network
        self._state = network.initial_state()
        # The context of the next window, then what came of it so far.
        self._pending = np.zeros(_CONTEXT_SAMPLES, np.float32)
        self._peak = np.float32(0)

    def push(self, samples: Samples) -> Probabilities:
        """Judge the windows that these samples complete; the rest waits for the next ones.

        Returns:
            One probability for each window completed now, shape [windows], often none.
        """
        pending = np.concatenate([self._pending, samples], dtype=np.float32)
        count = (len(pending) - _CONTEXT_SAMPLES) // WINDOW_SAMPLES
        self._pending = pending[count * WINDOW_SAMPLES :].copy()
        if count == 0:
            return np.zeros(0, np.float32)
        found, self._state = self._network.judge(
            self._audible(_with_context(pending, count)), self._state
        )
        return found

    def _audible(self, windows: Samples) -> Samples:
        peaks = np.abs(windows[:, _CONTEXT_SAMPLES:]).max(axis=1)
        so_far = np.maximum.accumulate(np.concatenate([[self._peak], peaks]))[1:]
        self._peak = so_far[-1]
        gains = np.clip(QUIET_PEAK / np.maximum(so_far, _SILENT_PEAK), 1, MAX_GAIN)
        audible: Samples = windows * gains[:, None].astype(np.float32)
        return audible

    def finish(self) -> Probabilities:
        """Judge what is left as if silence followed; the stream is not used again."""
        left = len(self._pending) - _CONTEXT_SAMPLES
        return self.push(np.zeros(WINDOW_SAMPLES - left if left else 0, np.float32))


def _with_context(pending: Samples, count: int) -> Samples:
    """Lay out `count` windows, each after the last samples of the one before it."""
    windows = np.empty((count, _CONTEXT_SAMPLES + WINDOW_SAMPLES), np.float32)
    body = pending[_CONTEXT_SAMPLES:][: count * WINDOW_SAMPLES].reshape(count, WINDOW_SAMPLES)
    windows[:, _CONTEXT_SAMPLES:] = body
    windows[0, :_CONTEXT_SAMPLES] = pending[:_CONTEXT_SAMPLES]
    windows[1:, :_CONTEXT_SAMPLES] = body[:-1, -_CONTEXT_SAMPLES:]
    return windows


def default_vad_path() -> Path:
    """Find the network among the installed packages, without importing them.

    The package silero-vad has the newer one; faster-whisper always brings an older one along.

    Raises:
        ModelNotFound: neither package is installed.
    """
    for package, file in (
        ("silero_vad", "data/silero_vad_16k_sequence.onnx"),
        ("silero_vad", "data/silero_vad.onnx"),
        ("faster_whisper", "assets/silero_vad_v6.onnx"),
    ):
        spec = find_spec(package)
        for folder in (spec and spec.submodule_search_locations) or ():
            path = Path(folder, file)
            if path.is_file():
                return path
    raise ModelNotFound("No voice activity model is installed; install faster-whisper.")


def _open_session(path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise EngineError("onnxruntime is missing; install wyoming-voice-stack[asr].") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        # onnxruntime's exceptions share no base class.
        raise ModelCorrupt(
            f"{path} cannot be loaded ({error}); install silero-vad again."
        ) from error
