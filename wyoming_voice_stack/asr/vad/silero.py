"""Voice activity detection with Silero's network (https://github.com/snakers4/silero-vad).

The network takes windows of 32 ms, each with the 4 ms before it, and carries a recurrent state from
window to window.
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
from wyoming_voice_stack.asr.vad.silero_onnxruntime import SileroSession
from wyoming_voice_stack.errors import ModelCorrupt, ModelNotFound

_LOGGER = logging.getLogger(__name__)

WINDOW_MS = 1000 * WINDOW_SAMPLES // SAMPLE_RATE

QUIET_PEAK = 0.5
MAX_GAIN = 10 ** (30 / 20)
"""While the peak so far is below `QUIET_PEAK`, audio is amplified to it, by up to 30 dB: without this, the
network misses one quiet command in sixty."""

OFFSET_WINDOWS = 8
"""Windows, the current one included, whose mean is subtracted: cheap sound cards and microphones add a
constant, which would count as level and hide quiet speech from the network."""

_SILENT_PEAK = 1e-6
_SLICE_SAMPLES = 10 * SAMPLE_RATE


class _Network(Protocol):
    """A network without state of its own, so that streams can share it."""

    def initial_state(self) -> Any: ...

    def judge(self, windows: Samples, state: Any) -> tuple[Probabilities, Any]:
        """Return the probabilities of [windows, context + window] samples, and the new state."""
        ...


class StreamingVad(Protocol):
    """Computes the speech probabilities of one stream, window by window."""

    def push(self, samples: Samples) -> Probabilities:
        """Return the probabilities of the windows that these samples complete."""
        ...

    def finish(self) -> Probabilities:
        """Return the probability of the remaining samples, padded with silence."""
        ...


class SileroVad:
    """A loaded network. It has no state, so any thread may use it."""

    def __init__(self, network: _Network) -> None:
        self._network = network

    @classmethod
    def load(cls, path: Path) -> SileroVad:
        """Load a file that `vad_paths` returned; use ONNX Runtime if numpy cannot compute its graph.

        Raises:
            ModelNotFound: the file does not exist.
            ModelCorrupt: the file is damaged, or another kind of network.
        """
        try:
            return cls(SileroNetwork.read(path))
        except ModelCorrupt as unsupported:
            try:
                network = SileroSession.load(path)
            except ModelCorrupt as error:
                raise unsupported from error
        _LOGGER.warning(
            "The voice activity model %s has an unknown graph. It runs on ONNX Runtime, which needs"
            " about 30 MB more memory; update this server to avoid that.",
            path,
        )
        return cls(network)

    @classmethod
    def installed(cls) -> SileroVad:
        """Load the best usable network of the installed packages.

        Raises:
            ModelNotFound: no package with a network is installed.
            ModelCorrupt: none of the networks is usable.
        """
        found = vad_paths()
        for path in found[:-1]:
            try:
                return cls.load(path)
            except ModelCorrupt as error:
                _LOGGER.warning("%s An older network is used instead.", error)
        return cls.load(found[-1])

    def stream(self) -> VadStream:
        """Start a new stream."""
        return VadStream(self._network)

    def speech_probabilities(self, samples: Samples) -> Probabilities:
        """Return the probabilities of a whole recording; the last window is padded with silence."""
        stream = self.stream()
        slices = range(0, len(samples), _SLICE_SAMPLES)
        found = [stream.push(samples[first : first + _SLICE_SAMPLES]) for first in slices]
        return np.concatenate([*found, stream.finish()])


class VadStream:
    """Computes the speech probabilities of one stream, from chunks of any size."""

    def __init__(self, network: _Network) -> None:
        self._network = network
        self._state = network.initial_state()
        # The context of the next window, followed by the samples it has so far.
        self._pending = np.zeros(CONTEXT_SAMPLES, np.float32)
        self._peak = np.float32(0)
        self._means = np.zeros(0)

    def push(self, samples: Samples) -> Probabilities:
        """Add samples; incomplete windows wait for more.

        Returns:
            One probability for each window completed now, shape [windows], often empty.
        """
        pending = np.concatenate([self._pending, samples], dtype=np.float32)
        count = (len(pending) - CONTEXT_SAMPLES) // WINDOW_SAMPLES
        self._pending = pending[count * WINDOW_SAMPLES :].copy()
        if count == 0:
            return np.zeros(0, np.float32)
        windows = self._without_offset(_with_context(pending, count))
        found, self._state = self._network.judge(self._amplified(windows), self._state)
        return found

    def _without_offset(self, windows: Samples) -> Samples:
        """Subtract from each window the mean of the last `OFFSET_WINDOWS`."""
        new = windows[:, CONTEXT_SAMPLES:].mean(axis=1, dtype=np.float64)
        means = np.concatenate([self._means, new])
        ends = np.arange(len(self._means), len(means)) + 1
        starts = np.maximum(ends - OFFSET_WINDOWS, 0)
        sums = np.concatenate([[0.0], np.cumsum(means)])
        offsets = (sums[ends] - sums[starts]) / (ends - starts)
        self._means = means[-(OFFSET_WINDOWS - 1) :]
        centred: Samples = windows - offsets[:, None].astype(np.float32)
        return centred

    def _amplified(self, windows: Samples) -> Samples:
        peaks = np.abs(windows[:, CONTEXT_SAMPLES:]).max(axis=1)
        so_far = np.maximum.accumulate(np.concatenate([[self._peak], peaks]))[1:]
        self._peak = so_far[-1]
        gains = np.clip(QUIET_PEAK / np.maximum(so_far, _SILENT_PEAK), 1, MAX_GAIN)
        amplified: Samples = windows * gains[:, None].astype(np.float32)
        return amplified

    def finish(self) -> Probabilities:
        """Return the probability of the remaining samples, padded with silence. Ends the stream."""
        left = len(self._pending) - CONTEXT_SAMPLES
        return self.push(np.zeros(WINDOW_SAMPLES - left if left else 0, np.float32))


def _with_context(pending: Samples, count: int) -> Samples:
    """Return `count` windows, each preceded by the last samples of the one before it."""
    windows = np.empty((count, CONTEXT_SAMPLES + WINDOW_SAMPLES), np.float32)
    body = pending[CONTEXT_SAMPLES:][: count * WINDOW_SAMPLES].reshape(count, WINDOW_SAMPLES)
    windows[:, CONTEXT_SAMPLES:] = body
    windows[0, :CONTEXT_SAMPLES] = pending[:CONTEXT_SAMPLES]
    windows[1:, :CONTEXT_SAMPLES] = body[:-1, -CONTEXT_SAMPLES:]
    return windows


def vad_paths() -> list[Path]:
    """Find the networks of the installed packages, the best first, without importing the packages.

    silero-vad contains the newer network; faster-whisper always contains an older one.

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
