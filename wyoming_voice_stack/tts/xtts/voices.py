"""Whose voice XTTS speaks with: its studio speakers, and people cloned from recordings."""

from __future__ import annotations

import io
import logging
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wyoming_voice_stack.errors import UnknownVoice
from wyoming_voice_stack.tts.engine import CloneSource, SynthesisRequest

_LOGGER = logging.getLogger(__name__)

MAX_KEPT_CLONES = 64
"""Cloned voices kept in memory, 0.13 MB each; the one not used for longest goes first."""
MIN_RECORDING_SECONDS = 1.0
"""The model itself takes a third of a second, and makes no likeness of it."""
MAX_RECORDING_SECONDS = 300.0
"""A recording is read whole, though only its first half minute is used."""
SILENT_PEAK = 0.001
"""A recording that never gets louder (-60 dB) holds nobody's voice."""

_MAX_NAMES_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Likeness:
    """What the model knows of a speaker: two tensors."""

    gpt_cond_latent: Any
    """Shape [1, 32, model width]."""
    speaker_embedding: Any
    """Shape [1, 512, 1]."""


class Voices:
    """The likenesses of one loaded model. `clone` makes one from a list of paths; it is slow."""

    def __init__(
        self,
        studio: Mapping[str, Mapping[str, Any]],
        clone: Callable[[list[str]], tuple[Any, Any]],
    ) -> None:
        # Like coqui-tts, by position: checkpoints name the two differently.
        self._studio = {name: Likeness(*list(entry.values())[:2]) for name, entry in studio.items()}
        self._clone = clone
        self._clones: OrderedDict[str, Likeness] = OrderedDict()

    @property
    def names(self) -> tuple[str, ...]:
        """The studio speakers, in the model's order."""
        return tuple(self._studio)

    def of(self, request: SynthesisRequest) -> Likeness:
        """Likeness of the speaker that the request asks for.

        Raises:
            UnknownVoice: there is no such voice, or its recordings cannot be used.
        """
        if request.voice is None and request.clone is not None:
            return self._cloned(request.clone)
        name = request.voice if request.voice is not None else next(iter(self._studio), None)
        if name not in self._studio:
            raise UnknownVoice(
                f"XTTS has no voice {name!r}; choose one of {', '.join(self._studio)}."
                if self._studio
                else "This XTTS model has no voices of its own; put a recording in the voices"
                " folder and ask for that."
            )
        return self._studio[name]

    def _cloned(self, source: CloneSource) -> Likeness:
        if source.fingerprint not in self._clones:
            self._clones[source.fingerprint] = self._make(source)
            if len(self._clones) > MAX_KEPT_CLONES:
                self._clones.popitem(last=False)
        self._clones.move_to_end(source.fingerprint)
        return self._clones[source.fingerprint]

    def _make(self, source: CloneSource) -> Likeness:
        for path in source.paths:
            _check_recording(source.name, path)
        try:
            likeness = Likeness(*self._clone([str(path) for path in source.paths]))
        except (OSError, RuntimeError, ValueError) as error:
            raise UnknownVoice(
                f"The recordings of {source.name!r} cannot be used ({error}); replace them by 6 to"
                " 30 seconds of clear speech."
            ) from error
        _LOGGER.info("Cloned the voice %s from %d recordings", source.name, len(source.paths))
        return likeness


def _check_recording(name: str, path: Path) -> None:
    try:
        problem = _problem_of(path)
    except (OSError, RuntimeError) as error:
        raise UnknownVoice(
            f"The recording {path.name} of {name!r} cannot be read ({error}); save it as wav, flac"
            " or mp3."
        ) from error
    if problem:
        raise UnknownVoice(
            f"The recording {path.name} of {name!r} {problem}; replace it by 6 to 30 seconds of"
            " clear speech."
        )


def _problem_of(path: Path) -> str | None:
    import numpy as np
    import soundfile

    facts = soundfile.info(str(path))
    if facts.duration < MIN_RECORDING_SECONDS:
        return f"is {facts.duration:.1f} s long, which is too short"
    if facts.duration > MAX_RECORDING_SECONDS:
        return f"is {facts.duration:.0f} s long, which is too long"
    samples, _ = soundfile.read(str(path), dtype="float32")
    if not np.isfinite(samples).all() or np.abs(samples).max() < SILENT_PEAK:
        return "is silent or damaged"
    return None


def studio_names(path: Path) -> tuple[str, ...]:
    """Names of the studio speakers in `speakers_xtts.pth`, read without torch.

    The file is a zip whose `data.pkl` is a dictionary by name; the tensors lie beside it and are
    not read. Empty if there is no such file or it has another form.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entry = next(info for info in archive.infolist() if info.filename.endswith("data.pkl"))
            if entry.file_size > _MAX_NAMES_BYTES:
                return ()
            speakers = _NamesUnpickler(io.BytesIO(archive.read(entry))).load()
    except (OSError, StopIteration, zipfile.BadZipFile, pickle.UnpicklingError, EOFError):
        return ()
    return tuple(map(str, speakers)) if isinstance(speakers, dict) else ()


class _Tensor:
    """Stands where a tensor would be."""

    def __init__(self, *_parts: object) -> None:
        pass


class _NamesUnpickler(pickle.Unpickler):
    """Builds plain containers; whatever else the file names becomes a `_Tensor`, never code."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        if (module_name, global_name) == ("collections", "OrderedDict"):
            return OrderedDict
        return _Tensor

    def persistent_load(self, _pid: Any, /) -> Any:
        return _Tensor()
