"""A VITS voice in ONNX Runtime: sessions from text to latents, others for windows of these.

Windows are shared out to threads by `stages`. The text is not: all of it looks at all of it. So there
are two sessions for that, of one thread and of several, which share their weights where these are
float32: reading a sentence takes two thirds of the time with a second thread, but half as much work
again.
"""

from __future__ import annotations

import logging
import mmap
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wyoming_voice_stack.onnx_file.graph import Chunk, Graph, read_graph
from wyoming_voice_stack.tts.engines.vits.conv2d_rewrite import in_planes
from wyoming_voice_stack.tts.engines.vits.partition import Cut, cut
from wyoming_voice_stack.tts.engines.vits.receptive_field import NotLocal
from wyoming_voice_stack.tts.engines.vits.sentence_decoding import WholeSentence
from wyoming_voice_stack.tts.engines.vits.stages import Stage, Tensor, chain, helpers
from wyoming_voice_stack.tts.engines.vits.windows import Window

_LOGGER = logging.getLogger(__name__)

MOST_READERS = 4
"""Threads that read a sentence together; its matrices are small."""
LEAST_SHARED_BYTES = 4096
"""Of a tensor of weights; smaller ones are constants that a session may rather compute with at once."""

_ELEMENT_TYPES = {"tensor(float)": 1, "tensor(float16)": 10}


@dataclass(frozen=True)
class TextSessions:
    """What reads, of one thread and of several; the same session where there is but one thread."""

    alone: Any
    together: Any
    weights: Mapping[str, Any] = field(default_factory=dict)
    """Those of both. A session does not keep alive what it is given."""


class CutVoice:
    """Reads a sentence at once, and speaks it window by window."""

    def __init__(self, text: TextSessions, stages: tuple[Stage, ...]) -> None:
        self._text = text
        self._stages = stages

    @property
    def inputs(self) -> frozenset[str]:
        """Names of what `read` takes."""
        return frozenset(each.name for each in self._text.alone.get_inputs())

    def read(self, feeds: Mapping[str, Tensor], hands: int = 1) -> CutSentence:
        """Run what needs the whole sentence. The noise is drawn here, once for all windows.

        With more than one of `hands`, all threads that there are for it take part.
        """
        session = self._text.together if hands > 1 else self._text.alone
        names = [each.name for each in session.get_outputs()]
        tensors = dict(zip(names, session.run(names, feeds), strict=True))
        return CutSentence(self._stages, tensors)


class CutSentence:
    """A sentence's latents, of which windows are decoded."""

    def __init__(self, stages: Sequence[Stage], tensors: Mapping[str, Tensor]) -> None:
        self._tensors = tensors
        self._sound = chain(stages, tensors)
        self.frames: int = tensors[stages[0].ports.source].shape[-1]
        self.hop: int = self._sound.total // self.frames
        """Samples that a frame becomes."""

    def decode(self, window: Window, hands: int = 1) -> Tensor:
        """Samples of these frames, [samples]; `hands` threads work on them."""
        samples = Window(window.start * self.hop, window.stop * self.hop)
        with helpers(hands - 1) as crew:
            return self._sound.take(samples, crew).reshape(-1)


class WholeVoice:
    """A model that could not be cut: a sentence is one window."""

    def __init__(self, session: Any) -> None:
        self._session = session

    @property
    def inputs(self) -> frozenset[str]:
        """Names of what `read` takes."""
        return frozenset(each.name for each in self._session.get_inputs())

    def read(self, feeds: Mapping[str, Tensor], hands: int = 1) -> WholeSentence:
        """Run all of the model, always with all threads."""
        del hands
        return WholeSentence(self._session.run(None, feeds)[0].reshape(-1))


def load_voice(path: Path, threads: int = 1) -> CutVoice | WholeVoice:
    """Load a voice on the CPU for up to `threads` a sentence; any error is ONNX Runtime's own."""
    try:
        return _load_cut(path, threads)
    except Exception as error:  # noqa: BLE001 - ONNX Runtime's errors have nothing in common
        reason = f"{type(error).__name__}: {error}"
    voice = WholeVoice(_session(str(path), threads))
    _LOGGER.info("%s speaks each sentence as a whole (%s)", path.name, reason)
    return voice


def _load_cut(path: Path, threads: int) -> CutVoice:
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    # Unmapped when the last node is forgotten.
    graph = read_graph(memoryview(mapped))
    return _sessions(graph, cut(graph), threads)


def _sessions(graph: Graph, found: Cut, threads: int) -> CutVoice:
    ports = [part.ports for part in found.parts]
    asked = [ports[0].source, *(name for each in ports for name in each.others)]
    text = _text_sessions(graph.part(found.text, {}, list(dict.fromkeys(asked))), threads)
    kinds = _kinds(text.alone)
    stages = []
    upsampled = False
    for part in found.parts:
        inputs = {name: kinds[name] for name in (part.ports.source, *part.ports.others)}
        upsampled = upsampled or part.ports.reach.hop > 1
        # The flow gains nothing by it.
        holder, nodes = in_planes(graph, part.nodes) if upsampled else (graph, part.nodes)
        session = _session_of(holder.part(nodes, inputs, [part.ports.result]))
        kinds |= _kinds(session)
        stages.append(Stage(session, part.ports))
    return CutVoice(text, tuple(stages))


def _text_sessions(model: Iterable[Chunk], threads: int) -> TextSessions:
    content = b"".join(model)
    threads = min(threads, MOST_READERS)
    if threads == 1:
        session = _session_of([content])
        return TextSessions(session, session)
    weights = _shared_weights(read_graph(memoryview(content)))
    alone, together = (_session_of([content], each, weights) for each in (1, threads))
    return TextSessions(alone, together, weights)


def _shared_weights(graph: Graph) -> dict[str, Any]:
    import onnxruntime

    # In the file they stand wherever the field before has ended; sessions want them aligned.
    return {
        name: onnxruntime.OrtValue.ortvalue_from_numpy(values.copy())
        for name, values in graph.weights().items()
        if values.nbytes >= LEAST_SHARED_BYTES
    }


def _kinds(session: Any) -> dict[str, int]:
    """ONNX's numbers of the outputs' element types."""
    try:
        return {each.name: _ELEMENT_TYPES[each.type] for each in session.get_outputs()}
    except KeyError as error:
        raise NotLocal(f"latents are of the type {error}") from error


def _session_of(
    model: Iterable[Chunk], threads: int = 1, weights: Mapping[str, Any] | None = None
) -> Any:
    # A session keeps the bytes that it is made of, and with them the weights a second time. A file
    # in memory ends once it is read.
    descriptor = os.memfd_create("part of a voice")
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(model)
        file.flush()
        return _session(f"/proc/self/fd/{descriptor}", threads, weights)


def _session(path: str, threads: int, weights: Mapping[str, Any] | None = None) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Each session would keep the memory of its largest run for itself, and never give it back.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    # Threads that wait awake for the next run would do so while the sentence's sound is made.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    for name, values in (weights or {}).items():
        options.add_initializer(name, values)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
