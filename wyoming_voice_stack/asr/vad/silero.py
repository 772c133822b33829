"""How likely somebody speaks, by Silero's voice activity network (https://github.com/snakers4/silero-vad).

The network judges windows of 32 ms, each seen together with the last 4 ms before it, and keeps
a recurrent state from window to window.
"""

from __future__ import annotations

import logging
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.asr.vad.silero_network import (
    CONTEXT_SAMPLES,
    WINDOW_SAMPLES,
    Probabilities,
    SileroNetwork,
)
from wyoming_voice_stack.errors import ModelCorrupt, ModelNotFound

_LOGGER = logging.getLogger(__name__)

WINDOW_MS = 1000 * WINDOW_SAMPLES // SAMPLE_RATE

QUIET_PEAK = 0.5
MAX_GAIN = 10 ** (30 / 20)
"""Sound that has peaked below `QUIET_PEAK` so far is raised to it, by 30 dB at most, before it is
judged: the network misses one quiet command of sixty otherwise."""

_SILENT_PEAK = 1e-6
_SLICE_SAMPLES = 10 * SAMPLE_RATE


class _Network(Protocol):
    """Holds no state of its own."""

    def initial_state(self) -> Any: ...

    def judge(self, windows: Samples, state: Any) -> tuple[Probabilities, Any]:
        """Judge [windows, context + window] samples; return the state after the last."""
        ...


class StreamingVad(Protocol):
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
        """Load the network of a file, as `vad_paths` finds them.

        Raises:
            ModelNotFound: there is no such file.
            ModelCorrupt: the file is no such network.
        """
        return cls(SileroNetwork.read(path))

    @classmethod
    def installed(cls) -> SileroVad:
        """Load the best network among the installed packages that can be read.

        Raises:
            ModelNotFound: there is none.
            ModelCorrupt: none can be read.
        """
        found = vad_paths()
        for path in found[:-1]:
            try:
                return cls.load(path)
            except ModelCorrupt as error:
                _LOGGER.warning("%s Until then, an older network is used.", error)
        return cls.load(found[-1])

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
        self._pending = np.zeros(CONTEXT_SAMPLES, np.float32)
        self._peak = np.float32(0)

    def push(self, samples: Samples) -> Probabilities:
        """Judge the windows that these samples complete; the rest waits for the next ones.

        Returns:
            One probability for each window completed now, shape [windows], often none.
        """
        pending = np.concatenate([self._pending, samples], dtype=np.float32)
        count = (len(pending) - CONTEXT_SAMPLES) // WINDOW_SAMPLES
        self._pending = pending[count * WINDOW_SAMPLES :].copy()
        if count == 0:
            return np.zeros(0, np.float32)
        found, self._state = self._network.judge(
            self._audible(_with_context(pending, count)), self._state
        )
        return found

    def _audible(self, windows: Samples) -> Samples:
        peaks = np.abs(windows[:, CONTEXT_SAMPLES:]).max(axis=1)
        so_far = np.maximum.accumulate(np.concatenate([[self._peak], peaks]))[1:]
        self._peak = so_far[-1]
        gains = np.clip(QUIET_PEAK / np.maximum(so_far, _SILENT_PEAK), 1, MAX_GAIN)
        audible: Samples = windows * gains[:, None].astype(np.float32)
        return audible

    def finish(self) -> Probabilities:
        """Judge what is left as if silence followed; the stream is not used again."""
        left = len(self._pending) - CONTEXT_SAMPLES
        return self.push(np.zeros(WINDOW_SAMPLES - left if left else 0, np.float32))


def _with_context(pending: Samples, count: int) -> Samples:
    """Lay out `count` windows, each after the last samples of the one before it."""
    windows = np.empty((count, CONTEXT_SAMPLES + WINDOW_SAMPLES), np.float32)
    body = pending[CONTEXT_SAMPLES:][: count * WINDOW_SAMPLES].reshape(count, WINDOW_SAMPLES)
    windows[:, CONTEXT_SAMPLES:] = body
    windows[0, :CONTEXT_SAMPLES] = pending[:CONTEXT_SAMPLES]
    windows[1:, :CONTEXT_SAMPLES] = body[:-1, -CONTEXT_SAMPLES:]
    return windows


def vad_paths() -> list[Path]:
    """Find the network among the installed packages, without importing them; the best comes first.

    The package silero-vad has the newer one; faster-whisper always brings an older one along.

    Raises:
        ModelNotFound: neither package is installed.
    """
    found: list[Path] = []
    for package, file in (
        ("silero_vad", "data/silero_vad_16k_sequence.onnx"),
        ("faster_whisper", "assets/silero_vad_v6.onnx"),
    ):
        spec = find_spec(package)
        folders = (spec and spec.submodule_search_locations) or ()
        found += [path for folder in folders if (path := Path(folder, file)).is_file()]
    if not found:
        raise ModelNotFound("No voice activity model is installed; install faster-whisper.")
    return found
