"""Whose voice XTTS speaks with: its studio speakers, and people cloned from recordings."""

from __future__ import annotations

import io
import logging
import pickle
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wyoming_voice_stack.errors import EngineError, UnknownVoice
from wyoming_voice_stack.tts.engine import CloneSource, SynthesisRequest
from wyoming_voice_stack.tts.voices.cloning.cache_keys import content_key
from wyoming_voice_stack.tts.voices.cloning.latent_cache import Arrays, LatentCache

_LOGGER = logging.getLogger(__name__)

MAX_KEPT_CLONES = 64
"""Cloned voices kept in memory, 0.13 MB each; the one not used for longest goes first."""
MAX_KEPT_FINGERPRINTS = 1024
"""Of states of recordings whose contents are known."""
MAX_CLONING_SECONDS = 120.0
"""How long a request waits while another one clones the same voice."""

LATENT = "gpt_cond_latent"
SPEAKER = "speaker_embedding"

_MAX_NAMES_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class SpeakerConditioning:
    """What the model knows of a speaker: two tensors."""

    gpt_cond_latent: Any
    """Shape [1, 32, model width]."""
    speaker_embedding: Any
    """Shape [1, 512, 1]."""


class SpeakerStore:
    """The likenesses of one loaded model; threads may ask at the same time.

    `clone` makes a likeness from a list of paths; it is slow. What it made is kept by the
    recordings' contents: in memory, and in `cache` if there is one. Nobody waits for the cloning
    of another voice than the own. `device` is torch's name for where likenesses are used.
    """

    def __init__(
        self,
        studio: Mapping[str, Mapping[str, Any]],
        clone: Callable[[list[str]], tuple[Any, Any]],
        *,
        cache: LatentCache | None = None,
        device: str = "cpu",
    ) -> None:
        # Like coqui-tts, by position: checkpoints name the two differently.
        self._studio = {
            name: SpeakerConditioning(*list(entry.values())[:2]) for name, entry in studio.items()
        }
        self._clone = clone
        self._cache = cache
        self._device = device
        self._lock = threading.Lock()
        self._contents: OrderedDict[str, str] = OrderedDict()
        self._clones: OrderedDict[str, SpeakerConditioning] = OrderedDict()
        self._under_way: dict[str, Future[SpeakerConditioning]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The studio speakers, in the model's order."""
        return tuple(self._studio)

    def of(self, request: SynthesisRequest) -> SpeakerConditioning:
        """Likeness of the speaker that the request asks for.

        Raises:
            UnknownVoice: there is no such voice, or its recordings cannot be used.
            EngineError: another request has been cloning this voice for too long.
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

    def prepare(self, source: CloneSource) -> None:
        """Clone a voice before somebody asks for it.

        Raises:
            UnknownVoice: its recordings cannot be used.
            EngineError: another request has been cloning this voice for too long.
        """
        self._cloned(source)

    def _cloned(self, source: CloneSource) -> SpeakerConditioning:
        content = self._content(source)
        with self._lock:
            if content in self._clones:
                self._clones.move_to_end(content)
                return self._clones[content]
            under_way = self._under_way.get(content)
            if under_way is None:
                own = self._under_way[content] = Future()
        if under_way is not None:
            return _awaited(under_way, source.name)
        try:
            own.set_result(self._found_or_made(source, content))
        except BaseException as error:
            own.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._under_way[content]
        return own.result()

    def _content(self, source: CloneSource) -> str:
        with self._lock:
            known = self._contents.get(source.fingerprint)
        if known is not None:
            return known
        content = _content_of(source)
        with self._lock:
            self._contents[source.fingerprint] = content
            if len(self._contents) > MAX_KEPT_FINGERPRINTS:
                self._contents.popitem(last=False)
        return content

    def _found_or_made(self, source: CloneSource, content: str) -> SpeakerConditioning:
        arrays = self._cache.get(content) if self._cache is not None else None
        if arrays is not None:
            likeness = _from_arrays(arrays, self._device)
        else:
            likeness = self._make(source)
            if _content_of(source) != content:
                # Written again meanwhile; the next request reads it in peace.
                return likeness
            if self._cache is not None:
                self._cache.put(content, _to_arrays(likeness))
        with self._lock:
            self._clones[content] = likeness
            if len(self._clones) > MAX_KEPT_CLONES:
                self._clones.popitem(last=False)
        return likeness

    def _make(self, source: CloneSource) -> SpeakerConditioning:
        try:
            likeness = SpeakerConditioning(*self._clone([str(path) for path in source.paths]))
        except UnknownVoice as error:
            raise UnknownVoice(f"The voice {source.name!r} cannot be cloned. {error}") from error
        except (OSError, RuntimeError, ValueError) as error:
            raise _unusable(source.name, error) from error
        _LOGGER.info("Cloned the voice %s from %d recordings", source.name, len(source.paths))
        return likeness


def _awaited(under_way: Future[SpeakerConditioning], name: str) -> SpeakerConditioning:
    try:
        return under_way.result(MAX_CLONING_SECONDS)
    except TimeoutError as error:
        raise EngineError(
            f"Cloning the voice {name!r} takes longer than {MAX_CLONING_SECONDS:.0f} s; ask again"
            " later, or run the model on a faster device."
        ) from error


def _content_of(source: CloneSource) -> str:
    try:
        return content_key(source.paths)
    except OSError as error:
        raise _unusable(source.name, error) from error


def _unusable(name: str, error: Exception) -> UnknownVoice:
    reason = getattr(error, "strerror", None) or error
    return UnknownVoice(
        f"The recordings of {name!r} cannot be used ({reason}); replace them by 6 to 30 seconds of"
        " clear speech, as wav, flac or mp3."
    )


def _to_arrays(likeness: SpeakerConditioning) -> Arrays:
    return {
        LATENT: likeness.gpt_cond_latent.float().cpu().numpy(),
        SPEAKER: likeness.speaker_embedding.float().cpu().numpy(),
    }


def _from_arrays(arrays: Arrays, device: str) -> SpeakerConditioning:
    import torch

    latent, speaker = (torch.from_numpy(arrays[name]).to(device) for name in (LATENT, SPEAKER))
    return SpeakerConditioning(latent, speaker)


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
