"""The speakers of XTTS: its studio speakers, and voices cloned from recordings."""

from __future__ import annotations

import io
import logging
import pickle
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from wyoming_voice_stack.errors import EngineError, UnknownVoice
from wyoming_voice_stack.tts.engine import CloneSource, SynthesisRequest
from wyoming_voice_stack.tts.voices.cloning.cache_keys import content_key, key_of_contents
from wyoming_voice_stack.tts.voices.cloning.latent_cache import Arrays, LatentCache
from wyoming_voice_stack.tts.voices.cloning.recording_thread import RecordingThread

_LOGGER = logging.getLogger(__name__)

MAX_KEPT_CLONES = 64
"""Cloned voices kept in memory, 0.13 MB each; the least recently used is dropped first."""
MAX_KEPT_FINGERPRINTS = 1024
"""Fingerprints of recordings whose content hashes are kept in memory."""
MAX_CLONING_SECONDS = 120.0
"""Time limit for a request that waits while another one clones the same voice."""

LATENT = "gpt_cond_latent"
SPEAKER = "speaker_embedding"

_MAX_NAMES_BYTES = 64 * 1024 * 1024

_XTTS_V2_NAMES = (
    "Claribel Dervla, Daisy Studious, Gracie Wise, Tammie Ema, Alison Dietlinde, Ana "
    "Florence, Annmarie Nele, Asya Anara, Brenda Stern, Gitta Nikolina, Henriette Usha, Sofia "
    "Hellen, Tammy Grit, Tanja Adelina, Vjollca Johnnie, Andrew Chipper, Badr Odhiambo, "
    "Dionisio Schuyler, Royston Min, Viktor Eka, Abrahan Mack, Adde Michal, Baldur Sanjin, "
    "Craig Gutsy, Damien Black, Gilberto Mathias, Ilkin Urbano, Kazuhiko Atallah, Ludvig "
    "Milivoj, Suad Qasim, Torcull Diarmuid, Viktor Menelaos, Zacharie Aimilios, Nova Hogarth, "
    "Maja Ruoho, Uta Obando, Lidiya Szekeres, Chandra MacFarland, Szofi Granger, Camilla "
    "Holmström, Lilya Stainthorpe, Zofija Kendrick, Narelle Moon, Barbora MacLean, Alexandra "
    "Hisakawa, Alma María, Rosemary Okafor, Ige Behringer, Filip Traverse, Damjan Chapman, "
    "Wulf Carlevaro, Aaron Dreschner, Kumar Dahl, Eugenio Mataracı, Ferran Simen, Xavier "  # noqa: RUF001
    "Hayasaka, Luis Moray, Marcos Rudaski"
)
XTTS_V2_STUDIO_SPEAKERS = tuple(_XTTS_V2_NAMES.split(", "))
"""The names in `speakers_xtts.pth` of XTTS v2, by which a setting is checked before its download."""


@dataclass(frozen=True)
class SpeakerConditioning:
    """The two tensors that condition the model on a speaker."""

    gpt_cond_latent: Any
    """Shape [1, 32, model width]."""
    speaker_embedding: Any
    """Shape [1, 512, 1]."""


class SpeakerStore:
    """The speakers of a loaded model. Thread-safe.

    `clone` computes the two tensors from a list of paths, and the content of the files if it was read ahead;
    this is slow. The result is cached by the
    recordings' contents: in memory, and in `cache` if there is one. A request waits only for the cloning
    of its own voice. `device` is torch's name of the device for the tensors.
    """

    def __init__(
        self,
        studio: Mapping[str, Mapping[str, Any]],
        clone: Callable[[list[str], Sequence[bytes]], tuple[Any, Any]],
        *,
        cache: LatentCache | None = None,
        device: str = "cpu",
    ) -> None:
        # By position, as in coqui-tts, because checkpoints have different names for the two.
        self._studio = {
            name: SpeakerConditioning(*list(entry.values())[:2]) for name, entry in studio.items()
        }
        self._clone = clone
        self._cache = cache
        self._device = device
        self._lock = threading.Lock()
        self._thread = RecordingThread()
        self._contents: OrderedDict[str, str] = OrderedDict()
        self._clones: OrderedDict[str, SpeakerConditioning] = OrderedDict()
        self._in_progress: dict[str, Future[SpeakerConditioning]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The studio speakers, in the model's order."""
        return tuple(self._studio)

    def conditioning_for(self, request: SynthesisRequest) -> SpeakerConditioning:
        """The conditioning of the requested speaker.

        Raises:
            UnknownVoice: there is no such voice, or its recordings cannot be used.
            EngineError: waiting for another request to clone this voice timed out.
        """
        if request.voice is None and request.clone is not None:
            return self._cloned(request.clone)
        name = request.voice if request.voice is not None else next(iter(self._studio), None)
        if name not in self._studio:
            raise UnknownVoice(
                f"Unknown voice {name!r:.80}. Available voices: {', '.join(self._studio)}."
                if self._studio
                else "This XTTS model has no built-in voices. Add a recording to the voices folder and"
                " use that voice."
            )
        return self._studio[name]

    def has_prepared(self, source: CloneSource) -> bool:
        """Return whether a voice is in memory as its recordings are now."""
        with self._lock:
            return self._contents.get(source.fingerprint) in self._clones

    def prepare(self, source: CloneSource) -> None:
        """Clone a voice before its first request.

        Raises:
            UnknownVoice: its recordings cannot be used.
            EngineError: waiting for another request to clone this voice timed out.
        """
        self._cloned(source)

    def _cloned(self, source: CloneSource) -> SpeakerConditioning:
        content = self._content(source)
        with self._lock:
            if content in self._clones:
                self._clones.move_to_end(content)
                return self._clones[content]
            in_progress = self._in_progress.get(content)
            if in_progress is None:
                own = self._in_progress[content] = Future()
        if in_progress is not None:
            return _wait_for(in_progress, source.name)
        try:
            own.set_result(self._load_or_clone(source, content))
        except BaseException as error:
            own.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._in_progress[content]
        return own.result()

    def _content(self, source: CloneSource) -> str:
        with self._lock:
            known = self._contents.get(source.fingerprint)
        if known is not None:
            return known
        content = self._content_of(source)
        with self._lock:
            self._contents[source.fingerprint] = content
            if len(self._contents) > MAX_KEPT_FINGERPRINTS:
                self._contents.popitem(last=False)
        return content

    def _content_of(self, source: CloneSource) -> str:
        if source.contents:
            return key_of_contents(source.contents)
        try:
            return self._thread.read(partial(content_key, source.paths))
        except OSError as error:
            raise _unusable(source.name, error) from error

    def _load_or_clone(self, source: CloneSource, content: str) -> SpeakerConditioning:
        arrays = self._cache.get(content) if self._cache is not None else None
        if arrays is not None:
            conditioning = _from_arrays(arrays, self._device)
        else:
            conditioning = self._run_clone(source)
            if self._content_of(source) != content:
                # A recording changed meanwhile, so the result is not cached.
                return conditioning
            if self._cache is not None:
                self._cache.put(content, _to_arrays(conditioning))
        with self._lock:
            self._clones[content] = conditioning
            if len(self._clones) > MAX_KEPT_CLONES:
                self._clones.popitem(last=False)
        return conditioning

    def _run_clone(self, source: CloneSource) -> SpeakerConditioning:
        try:
            paths = [str(path) for path in source.paths]
            conditioning = SpeakerConditioning(*self._clone(paths, source.contents))
        except UnknownVoice as error:
            raise UnknownVoice(f"Voice {source.name!r} cannot be cloned. {error}") from error
        except (OSError, RuntimeError, ValueError) as error:
            raise _unusable(source.name, error) from error
        _LOGGER.info("Cloned voice %s from %d recordings", source.name, len(source.paths))
        return conditioning


def _wait_for(in_progress: Future[SpeakerConditioning], name: str) -> SpeakerConditioning:
    try:
        return in_progress.result(MAX_CLONING_SECONDS)
    except TimeoutError as error:
        raise EngineError(
            f"Cloning voice {name!r} takes longer than {MAX_CLONING_SECONDS:.0f} s. Try again later, or"
            " run the model on a faster device."
        ) from error


def _unusable(name: str, error: Exception) -> UnknownVoice:
    reason = getattr(error, "strerror", None) or error
    return UnknownVoice(
        f"The recordings of voice {name!r} cannot be used ({reason}). Replace them with 6 to 30 seconds"
        " of clear speech, as wav, flac or mp3."
    )


def _to_arrays(conditioning: SpeakerConditioning) -> Arrays:
    return {
        LATENT: conditioning.gpt_cond_latent.float().cpu().numpy(),
        SPEAKER: conditioning.speaker_embedding.float().cpu().numpy(),
    }


def _from_arrays(arrays: Arrays, device: str) -> SpeakerConditioning:
    import torch

    latent, speaker = (torch.from_numpy(arrays[name]).to(device) for name in (LATENT, SPEAKER))
    return SpeakerConditioning(latent, speaker)


def studio_names(path: Path) -> tuple[str, ...]:
    """Names of the studio speakers in `speakers_xtts.pth`, read without torch.

    The file is a ZIP archive whose `data.pkl` is a dictionary by name; the tensors are separate entries
    and are not read. Empty if the file is missing or has another format.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entry = next(info for info in archive.infolist() if info.filename.endswith("data.pkl"))
            if entry.file_size > _MAX_NAMES_BYTES:
                return ()
            speakers = _NamesUnpickler(io.BytesIO(archive.read(entry))).load()
    # A damaged archive or pickle raises any error. Loading the model names the file.
    except Exception:  # noqa: BLE001 - see above
        return ()
    return tuple(map(str, speakers)) if isinstance(speakers, dict) else ()


class _Tensor:
    """Placeholder for a tensor."""

    def __init__(self, *_parts: object) -> None:
        pass


class _NamesUnpickler(pickle.Unpickler):
    """Loads plain containers only; every other class or function in the file becomes a `_Tensor`."""

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        if (module_name, global_name) == ("collections", "OrderedDict"):
            return OrderedDict
        return _Tensor

    def persistent_load(self, _pid: Any, /) -> Any:
        return _Tensor()
