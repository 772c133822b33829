"""A VITS voice in ONNX Runtime: one session from text to latents, others for windows of these."""

from __future__ import annotations

import logging
import mmap
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from wyoming_voice_stack.onnx_file.graph import Chunk, Graph, read_graph
from wyoming_voice_stack.tts.vits.parts import Cut, cut
from wyoming_voice_stack.tts.vits.reach import NotLocal
from wyoming_voice_stack.tts.vits.speaking import WholeSentence
from wyoming_voice_stack.tts.vits.stages import Stage, Tensor, chain, helpers
from wyoming_voice_stack.tts.vits.windows import Window

_LOGGER = logging.getLogger(__name__)

_ELEMENT_TYPES = {"tensor(float)": 1, "tensor(float16)": 10}


class CutVoice:
    """Reads a sentence at once, and speaks it window by window."""

    def __init__(self, text: Any, stages: tuple[Stage, ...]) -> None:
        self._text = text
        self._stages = stages

    @property
    def inputs(self) -> frozenset[str]:
        """Names of what `read` takes."""
        return frozenset(each.name for each in self._text.get_inputs())

    def read(self, feeds: Mapping[str, Tensor]) -> CutSentence:
        """Run what needs the whole sentence. The noise is drawn here, once for all windows."""
        names = [each.name for each in self._text.get_outputs()]
        tensors = dict(zip(names, self._text.run(names, feeds), strict=True))
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

    def read(self, feeds: Mapping[str, Tensor]) -> WholeSentence:
        """Run all of the model."""
        return WholeSentence(self._session.run(None, feeds)[0].reshape(-1))


def load_voice(path: Path, options: Any, threads: int = 1) -> CutVoice | WholeVoice:
    """Load a voice on the CPU with ONNX Runtime's `options`; any error is ONNX Runtime's own.

    `threads` are for a model that cannot be cut; others are shared out in `CutSentence.decode`.
    """
    options.intra_op_num_threads = 1
    try:
        return _load_cut(path, options)
    except Exception as error:  # noqa: BLE001 - ONNX Runtime's errors have nothing in common
        reason = f"{type(error).__name__}: {error}"
    options.intra_op_num_threads = threads
    voice = WholeVoice(_session(str(path), options))
    _LOGGER.info("%s speaks each sentence as a whole (%s)", path.name, reason)
    return voice


def _load_cut(path: Path, options: Any) -> CutVoice:
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    # Unmapped when the last node is forgotten.
    graph = read_graph(memoryview(mapped))
    return _sessions(graph, cut(graph), options)


def _sessions(graph: Graph, found: Cut, options: Any) -> CutVoice:
    ports = [part.ports for part in found.parts]
    asked = [ports[0].source, *(name for each in ports for name in each.others)]
    text = _session_of(graph.part(found.text, {}, list(dict.fromkeys(asked))), options)
    kinds = _kinds(text)
    stages = []
    for part in found.parts:
        inputs = {name: kinds[name] for name in (part.ports.source, *part.ports.others)}
        session = _session_of(graph.part(part.nodes, inputs, [part.ports.result]), options)
        kinds |= _kinds(session)
        stages.append(Stage(session, part.ports))
    return CutVoice(text, tuple(stages))


def _kinds(session: Any) -> dict[str, int]:
    """ONNX's numbers of the outputs' element types."""
    try:
        return {each.name: _ELEMENT_TYPES[each.type] for each in session.get_outputs()}
    except KeyError as error:
        raise NotLocal(f"latents are of the type {error}") from error


def _session_of(model: Iterable[Chunk], options: Any) -> Any:
    # A session keeps the bytes that it is made of, and with them the weights a second time. A file
    # in memory ends once it is read.
    descriptor = os.memfd_create("part of a voice")
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(model)
        file.flush()
        return _session(f"/proc/self/fd/{descriptor}", options)


def _session(path: str, options: Any) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
