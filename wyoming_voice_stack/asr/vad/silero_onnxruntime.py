"""Silero's voice activity network, run by ONNX Runtime: the fallback for files with an unknown graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from wyoming_voice_stack.asr.engine import Samples
from wyoming_voice_stack.asr.vad.silero_network import (
    CONTEXT_SAMPLES,
    WINDOW_SAMPLES,
    Probabilities,
    State,
)
from wyoming_voice_stack.errors import ModelCorrupt

_INPUTS = ("input", "h", "c")
_OUTPUTS = ("speech_probs", "hn", "cn")


class SileroSession:
    """A network in the sequence layout, whatever its layers. Any thread may use it."""

    def __init__(self, session: Any) -> None:
        self._session = session
        shapes = {each.name: each.shape for each in session.get_inputs()}
        self._initial = State(*(_zeros(shapes[name]) for name in ("h", "c")))

    @classmethod
    def load(cls, path: Path) -> SileroSession:
        """Load a file and run it once.

        Raises:
            ModelCorrupt: ONNX Runtime cannot run it, or it is another kind of network.
        """
        try:
            network = cls(_open(path))
            silence = np.zeros((2, CONTEXT_SAMPLES + WINDOW_SAMPLES), np.float32)
            found, _ = network.judge(silence, network.initial_state())
        except Exception as error:
            # Each kind of damage raises another class, and onnxruntime may be missing.
            raise ModelCorrupt(f"ONNX Runtime cannot run {path}: {error}") from error
        if found.shape != (2,):
            raise ModelCorrupt(f"{path} does not return one probability per window.")
        return network

    def initial_state(self) -> State:
        """Return the state before a stream's first window."""
        return self._initial

    def judge(self, windows: Samples, state: State) -> tuple[Probabilities, State]:
        """Judge successive windows of one stream, as `SileroNetwork.judge` does."""
        values = dict(zip(_INPUTS, (windows, *state), strict=True))
        found, hidden, cell = self._session.run(_OUTPUTS, values)
        return found, State(hidden, cell)


def _open(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # One window is too little work for several threads.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _zeros(shape: list[int | str | None]) -> Samples:
    return np.zeros([size if isinstance(size, int) else 1 for size in shape], np.float32)
