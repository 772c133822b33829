"""Loading a Kokoro model, in two halves where its generator is found and as a whole otherwise."""

from __future__ import annotations

import logging
import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wyoming_voice_stack.errors import ModelCorrupt
from wyoming_voice_stack.onnx_file.graph import Graph, read_graph
from wyoming_voice_stack.tts.engines.failures import package_missing
from wyoming_voice_stack.tts.engines.inference_sessions import (
    session_from_bytes,
    session_from_file,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_search import find_generator
from wyoming_voice_stack.tts.engines.kokoro.generator.generator_sessions import (
    GeneratorParts,
    RunningPart,
    generator_parts,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.graph_cut import (
    TextOutputs,
    statistics_model,
    statistics_names,
    text_half,
    text_outputs,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.norm_statistics import (
    EPSILON,
    NormStatistics,
    affine,
)
from wyoming_voice_stack.tts.engines.kokoro.generator.streamed_sentence import StreamedSentence
from wyoming_voice_stack.tts.engines.kokoro.generator.text_half import SentenceTokens, TextSession
from wyoming_voice_stack.tts.engines.vits.sentence_decoding import WholeSentence
from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor

_LOGGER = logging.getLogger(__name__)

MAX_TEXT_THREADS = 4
"""Threads that compute the text half; its matrices are small."""


@dataclass(frozen=True)
class Measurement:
    """What one sentence shows about a voice."""

    statistics: NormStatistics
    samples: Tensor
    """The sentence with its own statistics, [samples]."""


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

    def __init__(
        self,
        path: Path,
        text: TextSession,
        outputs: TextOutputs,
        average: str,
        parts: GeneratorParts,
    ) -> None:
        self._path = path
        self._text = text
        self._outputs = outputs
        self._average = average
        self._parts = parts
        self.norms = parts.norms

    def encode(self, sentence: SentenceTokens, statistics: NormStatistics) -> StreamedSentence:
        """Run the text half."""
        found = self._text.run(sentence)
        outputs = self._outputs
        durations = None if outputs.durations is None else found[outputs.durations]
        factors = affine(self.norms, statistics, found)
        return StreamedSentence(
            self._parts, found[outputs.latents], found[outputs.harmonics], durations, factors
        )

    def measure(self, sentences: Sequence[SentenceTokens], threads: int) -> list[Measurement]:
        """Measure the statistics of whole sentences. Takes as long as synthesizing them as a whole.

        Raises:
            ModelCorrupt: the file has changed since it was loaded.
        """
        sources = tuple(dict.fromkeys(norm.source for norm in self.norms))
        given = dict(self._text.element_types)
        given.pop(self._outputs.durations or "", None)
        graph = _read(self._path)
        session = session_from_bytes(
            statistics_model(graph, given, sources, self._average), threads
        )
        del graph
        measured = []
        for each in sentences:
            found = self._text.run(each)
            names = [each.name for each in session.get_outputs()]
            results = session.run(names, {name: found[name] for name in given})
            measured.append(self._measurement(sources, dict(zip(names, results, strict=True))))
        return measured

    def _measurement(self, sources: Sequence[str], found: Mapping[str, Tensor]) -> Measurement:
        names = [statistics_names(source) for source in sources]
        means = [found[mean].reshape(-1) for mean, _ in names]
        variances = [found[variance].reshape(-1) for _, variance in names]
        statistics = NormStatistics(
            np.concatenate(means).astype(np.float32),
            np.sqrt(np.concatenate(variances).astype(np.float32) + EPSILON),
        )
        average = found[self._average].astype(np.float32)[:, :, None] * self._parts.averaged
        return Measurement(
            statistics, RunningPart(self._parts.waveform, {}).run(average).reshape(-1)
        )


def load_model(path: Path, threads: int) -> StreamingKokoro | WholeKokoro:
    """Load a model for up to `threads` threads a sentence.

    Raises:
        ModelCorrupt: it is damaged, or not an export of Kokoro.
        EngineError: onnxruntime is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise package_missing("onnxruntime", "piper", error) from error
    del onnxruntime
    text_threads = min(threads, MAX_TEXT_THREADS)
    try:
        return _load_streaming(path, text_threads)
    except Exception as error:  # noqa: BLE001 - ONNX Runtime's errors have no common base class
        reason = f"{type(error).__name__}: {error}"
    try:
        model = WholeKokoro(TextSession(session_from_file(str(path), text_threads)))
    except Exception as error:
        raise ModelCorrupt(
            f"Kokoro model {path} cannot be loaded ({type(error).__name__}: {error}). Delete it and"
            " download it again."
        ) from error
    _LOGGER.info("%s synthesizes each sentence as a whole (%s)", path.name, reason)
    return model


def _load_streaming(path: Path, text_threads: int) -> StreamingKokoro:
    graph = _read(path)
    generator = find_generator(graph)
    outputs = text_outputs(graph, generator)
    text = session_from_bytes(text_half(graph, outputs), text_threads)
    return StreamingKokoro(
        path,
        TextSession(text, outputs.names),
        outputs,
        generator.average,
        generator_parts(generator),
    )


def _read(path: Path) -> Graph:
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    # Unmapped with the last reference to a node.
    return read_graph(memoryview(mapped))
