"""Loading a Kokoro model, in two halves where its generator is found and as a whole otherwise."""

from __future__ import annotations

import logging
import mmap
from pathlib import Path

import numpy as np

from wyoming_voice_stack.machine.memory import ran_out_of_memory, trim_heap
from wyoming_voice_stack.onnx_file.graph import Graph, read_graph
from wyoming_voice_stack.tts.engines.failures import loading_failed, package_missing
from wyoming_voice_stack.tts.engines.inference_sessions import (
    session_from_bytes,
    session_from_file,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_search import find_generator
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_sessions import (
    GeneratorParts,
    generator_parts,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.streamed_sentence import (
    EncodedText,
    first_spoken,
)
from wyoming_voice_stack.tts.engines.kokoro.graph_cut import (
    TextOutputs,
    text_half,
    text_outputs,
)
from wyoming_voice_stack.tts.engines.kokoro.text_half import SentenceTokens, TextSession
from wyoming_voice_stack.tts.engines.vits.sentence_decoding import WholeSentence

_LOGGER = logging.getLogger(__name__)

MANY_FRAMES = 480
"""Frames of a sentence, 6 s, whose text half has freed memory that is worth returning."""
MAX_TEXT_THREADS = 4
"""Threads that compute the text half; its matrices are small."""

_ADVICE = "Delete it and download it again."


class WholeKokoro:
    """A model whose generator was not found: a sentence is one window."""

    def __init__(self, session: TextSession) -> None:
        self._session = session

    def encode(self, sentence: SentenceTokens) -> WholeSentence:
        """Run the whole model."""
        (name,) = self._session.outputs
        samples = self._session.run(sentence)[name].reshape(-1).astype(np.float32)
        return WholeSentence(samples)


class StreamingKokoro:
    """A model in two halves."""

    def __init__(self, text: TextSession, outputs: TextOutputs, parts: GeneratorParts) -> None:
        self._text = text
        self._outputs = outputs
        self.parts = parts

    def encode(self, sentence: SentenceTokens) -> EncodedText:
        """Run the text half."""
        found = self._text.run(sentence)
        outputs = self._outputs
        latents, harmonics = (
            found[name].astype(np.float32, copy=False)[:, :, None]
            for name in (outputs.latents, outputs.harmonics)
        )
        styles = {name: found[name].astype(np.float32, copy=False) for name in outputs.styles}
        frames = latents.shape[3]
        if frames > MANY_FRAMES:
            # The harmonics of a long sentence take 100 MB while they are computed.
            trim_heap()
        durations = None if outputs.durations is None else found[outputs.durations]
        return EncodedText(latents, harmonics, styles, first_spoken(frames, durations))


def load_model(path: Path, threads: int) -> StreamingKokoro | WholeKokoro:
    """Load a model for up to `threads` threads a sentence.

    Raises:
        ModelCorrupt: it is damaged, or not an export of Kokoro.
        EngineError: onnxruntime is not installed, or memory ran out.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise package_missing("onnxruntime", "piper", error) from error
    del onnxruntime
    text_threads = min(threads, MAX_TEXT_THREADS)
    try:
        return _load_streaming(path, text_threads)
    except Exception as error:
        if ran_out_of_memory(error):
            # The whole model needs more.
            raise loading_failed(f"Kokoro model {path}", error, _ADVICE) from error
        reason = f"{type(error).__name__}: {error}"
    try:
        model = WholeKokoro(TextSession(session_from_file(str(path), text_threads)))
    except Exception as error:
        raise loading_failed(f"Kokoro model {path}", error, _ADVICE) from error
    _LOGGER.info("%s synthesizes each sentence as a whole (%s)", path.name, reason)
    return model


def _load_streaming(path: Path, text_threads: int) -> StreamingKokoro:
    graph = _read(path)
    generator = find_generator(graph)
    outputs = text_outputs(graph, generator)
    parts = generator_parts(generator)
    # Its weights, 60 MB, are in the sessions now.
    del generator
    text = session_from_bytes(text_half(graph, outputs), text_threads)
    return StreamingKokoro(TextSession(text, outputs.names), outputs, parts)


def _read(path: Path) -> Graph:
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    # Unmapped with the last reference to a node.
    return read_graph(memoryview(mapped))
