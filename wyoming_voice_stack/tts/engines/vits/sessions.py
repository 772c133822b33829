"""A VITS voice in ONNX Runtime: sessions for the text encoder, and others for windows of its output.

The text encoder cannot be computed in windows, because every phoneme depends on all others. It has two
sessions, of one thread and of several, which share their weights: with a second thread, encoding
a sentence takes two thirds of the time, but half as much work again. A short text gains nothing.
"""

from __future__ import annotations

import logging
import mmap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from wyoming_voice_stack.machine.memory import ran_out_of_memory
from wyoming_voice_stack.onnx_file.graph import Chunk, Graph, read_graph
from wyoming_voice_stack.tts.engines.inference_sessions import (
    session_from_bytes,
    session_from_file,
    try_session,
)
from wyoming_voice_stack.tts.engines.vits.conv2d_rewrite import rewrite_convolutions
from wyoming_voice_stack.tts.engines.vits.integer_convolutions import (
    with_integer_convolutions,
)
from wyoming_voice_stack.tts.engines.vits.partition import GraphPartition, partition
from wyoming_voice_stack.tts.engines.vits.receptive_field import NotStreamable
from wyoming_voice_stack.tts.engines.vits.sentence_decoding import WholeSentence
from wyoming_voice_stack.tts.engines.vits.simplification.text_simplification import simplified
from wyoming_voice_stack.tts.engines.vits.stages import Stage
from wyoming_voice_stack.tts.engines.vits.streaming_sentence import StreamingSentence
from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor

_LOGGER = logging.getLogger(__name__)

MAX_ENCODER_THREADS = 4
"""Threads that encode a sentence; its matrices are small."""
MIN_SHARED_PHONEMES = 90
"""Length, padding included, from which threads share the encoding of a text. A core that has slept slows them for
some 10 ms, in which one thread encodes a shorter text."""
MIN_SHARED_INTEGER_PHONEMES = 200
"""The same where the encoder multiplies integers: one thread is faster then."""
MIN_SHARED_BYTES = 4096
"""Size from which the encoder's sessions share a tensor of weights. Smaller ones stay in the model,
where a session can fold constants."""
EXAMPLE_FRAMES = 64
"""Of the example with which the flow's layers are tried."""

_SHARED_TYPES = (np.float32, np.int8)
_ELEMENT_TYPES = {"tensor(float)": 1, "tensor(float16)": 10}


@dataclass(frozen=True)
class EncoderSessions:
    """The text encoder's sessions; the same one twice if one thread is allowed."""

    single_threaded: Any
    multi_threaded: Any
    weights: Mapping[str, Any] = field(default_factory=dict)
    """Shared by both. A session does not keep a reference to them."""
    min_shared_phonemes: int = MIN_SHARED_PHONEMES
    """Length from which the multi-threaded one is faster."""


class StreamingVoice:
    """Encodes a sentence at once and decodes it in windows."""

    def __init__(self, encoder: EncoderSessions, stages: tuple[Stage, ...]) -> None:
        self._encoder = encoder
        self._stages = stages

    @property
    def inputs(self) -> frozenset[str]:
        """Names of the tensors that `encode` takes."""
        return frozenset(each.name for each in self._encoder.single_threaded.get_inputs())

    def encode(self, feeds: Mapping[str, Tensor], threads: int = 1) -> StreamingSentence:
        """Run the text encoder. It draws the noise, once for all windows.

        With `threads` above 1, all threads of the multi-threaded session take part, if the text is long
        enough.
        """
        encoder = self._encoder
        shared = threads > 1 and _phonemes(feeds) >= encoder.min_shared_phonemes
        session = encoder.multi_threaded if shared else encoder.single_threaded
        return StreamingSentence(self._stages, _run(session, feeds), cores_awake=shared)


def _phonemes(feeds: Mapping[str, Tensor]) -> int:
    """The length of a text: its phonemes are the longest of the encoder's inputs."""
    return max(each.size for each in feeds.values())


class WholeSentenceVoice:
    """A model that cannot be decoded in windows: a sentence is one window."""

    def __init__(self, session: Any) -> None:
        self._session = session

    @property
    def inputs(self) -> frozenset[str]:
        """Names of the tensors that `encode` takes."""
        return frozenset(each.name for each in self._session.get_inputs())

    def encode(self, feeds: Mapping[str, Tensor], threads: int = 1) -> WholeSentence:
        """Run the whole model, always with all threads."""
        del threads
        return WholeSentence(self._session.run(None, feeds)[0].reshape(-1))


def load_voice(
    path: Path, threads: int = 1, example: Mapping[str, Tensor] | None = None
) -> StreamingVoice | WholeSentenceVoice:
    """Load a voice on the CPU, for up to `threads` threads a sentence.

    With an `example` of what `encode` takes, large layers before the vocoder multiply integers where that is
    faster; without one, all multiply floats.

    Raises:
        Exception: ONNX Runtime cannot load the file; its errors have no common base class.
    """
    try:
        return _load_streaming(path, threads, example or {})
    except Exception as error:
        if ran_out_of_memory(error):
            # The whole voice needs more.
            raise
        reason = f"{type(error).__name__}: {error}"
    voice = WholeSentenceVoice(session_from_file(str(path), threads))
    _LOGGER.info("%s synthesizes each sentence as a whole (%s)", path.name, reason)
    return voice


def _load_streaming(path: Path, threads: int, example: Mapping[str, Tensor]) -> StreamingVoice:
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    # Unmapped with the last reference to a node.
    graph = simplified(read_graph(memoryview(mapped)))
    return _streaming_voice(graph, partition(graph), threads, example)


def _streaming_voice(
    graph: Graph, found: GraphPartition, threads: int, example: Mapping[str, Tensor]
) -> StreamingVoice:
    signatures = [part.signature for part in found.parts]
    needed = [signatures[0].source, *(name for each in signatures for name in each.others)]
    text_graph, text_nodes = with_integer_convolutions(graph, found.text_nodes, example)
    outputs = list(dict.fromkeys(needed))
    encoder = _encoder_sessions(
        text_graph.part(text_nodes, {}, outputs),
        threads,
        MIN_SHARED_PHONEMES if text_graph is graph else MIN_SHARED_INTEGER_PHONEMES,
    )
    element_types = _element_types(encoder.single_threaded)
    # An example that was of no use for the text is of none for the flow.
    values = {} if text_graph is graph else _latents(encoder.single_threaded, example)
    stages = []
    upsampled = False
    for part in found.parts:
        signature = part.signature
        inputs = {name: element_types[name] for name in (signature.source, *signature.others)}
        upsampled = upsampled or signature.receptive_field.hop > 1
        # The flow gains nothing from 2-D convolutions, and integers in the vocoder would be heard.
        rewritten, nodes = (
            rewrite_convolutions(graph, part.nodes)
            if upsampled
            else with_integer_convolutions(graph, part.nodes, values)
        )
        session = session_from_bytes(rewritten.part(nodes, inputs, [signature.result]))
        element_types |= _element_types(session)
        if values and not upsampled:
            values |= _tried(session, values)
        stages.append(Stage(session, signature))
    return StreamingVoice(encoder, tuple(stages))


def _latents(encoder: Any, example: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What the encoder makes of an example, cut to the length of a window."""
    results = _tried(encoder, example)
    return {name: values[..., :EXAMPLE_FRAMES] for name, values in results.items()}


def _tried(session: Any, example: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The results for an example; none if it fails, which is no reason to refuse the session."""
    names = [each.name for each in session.get_outputs()]
    try:
        inputs = {each.name: example[each.name] for each in session.get_inputs()}
        return dict(zip(names, try_session(session, names, inputs), strict=True))
    except Exception as error:
        if ran_out_of_memory(error):
            raise
        _LOGGER.debug("An example failed (%s: %s)", type(error).__name__, error)
        return {}


def _run(session: Any, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
    names = [each.name for each in session.get_outputs()]
    inputs = {each.name: feeds[each.name] for each in session.get_inputs()}
    return dict(zip(names, session.run(names, inputs), strict=True))


def _encoder_sessions(
    model: Iterable[Chunk], threads: int, min_shared_phonemes: int
) -> EncoderSessions:
    content = b"".join(model)
    threads = min(threads, MAX_ENCODER_THREADS)
    if threads == 1:
        session = session_from_bytes([content])
        return EncoderSessions(session, session)
    weights = _shared_weights(read_graph(memoryview(content)))
    single, multi = (session_from_bytes([content], each, weights) for each in (1, threads))
    return EncoderSessions(single, multi, weights, min_shared_phonemes)


def _shared_weights(graph: Graph) -> dict[str, Any]:
    import onnxruntime

    # Copied because sessions need aligned memory, which fields of a file are not.
    stored = {name: graph.stored(name) for name in graph.initializers}
    return {
        name: onnxruntime.OrtValue.ortvalue_from_numpy(values.copy())
        for name, values in stored.items()
        if values is not None
        and values.dtype in _SHARED_TYPES
        and values.nbytes >= MIN_SHARED_BYTES
    }


def _element_types(session: Any) -> dict[str, int]:
    """Output name -> ONNX's number of its element type."""
    try:
        return {each.name: _ELEMENT_TYPES[each.type] for each in session.get_outputs()}
    except KeyError as error:
        raise NotStreamable(f"latents have the type {error}") from error
