"""Voice cloning with XTTS: the speaker's conditioning tensors from reference recordings."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from wyoming_voice_stack.audio import SPEECH_RATE
from wyoming_voice_stack.errors import VoiceStackError
from wyoming_voice_stack.tts.engine import Samples
from wyoming_voice_stack.tts.engines.torch_device import device_of
from wyoming_voice_stack.tts.engines.xtts.speakers import LATENT, SPEAKER, SpeakerStore
from wyoming_voice_stack.tts.voices.cloning.cache_keys import model_key, parameters_key
from wyoming_voice_stack.tts.voices.cloning.latent_cache import LatentCache
from wyoming_voice_stack.tts.voices.cloning.recording_reader import (
    MIN_RECORDING_SECONDS,
    SILENT_PEAK,
    read_recording,
)
from wyoming_voice_stack.tts.voices.cloning.recording_thread import RecordingThread
from wyoming_voice_stack.tts.voices.cloning.speech_detector import SpeechDetector, spoken_part

_LOGGER = logging.getLogger(__name__)

CLONING_RATE = 22_050
"""Sample rate in Hz of the input of XTTS's conditioning encoder."""
MAX_CLONED_SECONDS = 120.0
"""Limit for all recordings together. The encoder uses `gpt_cond_len` seconds of them; the speaker
embedding is the mean over the recordings."""
CLONER_VERSION = 1
"""Version of the algorithm: incremented when the tensors of the same recordings change."""
KEY_FILES = ("config.json", "model.pth")

_PARAMETERS = ("max_ref_len", "gpt_cond_len", "gpt_cond_chunk_len", "sound_norm_refs")
_NORMALIZED_PEAK = 0.75


class XttsCloner:
    """Computes the same as coqui-tts's `Xtts.get_conditioning_latents`, from arrays instead of paths.

    So recordings of all formats are read by one function, and a detector can trim silence before and
    after the speech. Blocking and thread-safe.
    """

    def __init__(self, model: Any, detector: SpeechDetector | None = None) -> None:
        import torch

        self._model = model
        self._threads = torch.get_num_threads()
        self._config = {name: model.config[name] for name in _PARAMETERS}
        self._detector = detector
        self._thread = RecordingThread()

    @property
    def parameters(self) -> Mapping[str, object]:
        """Everything that the tensors depend on, besides recordings and weights."""
        trims = self._detector is not None
        return self._config | {
            "cloner": CLONER_VERSION,
            "coqui-tts": version("coqui-tts"),
            "trims": trims,
            "max_cloned_seconds": MAX_CLONED_SECONDS,
        }

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Shapes of the two tensors."""
        arguments = self._model.args
        perceiver = getattr(self._model.gpt, "conditioning_perceiver", None)
        latents = 1 if perceiver is None else perceiver.latents.shape[0]
        return {
            LATENT: (1, latents, arguments.gpt_n_model_channels),
            SPEAKER: (1, arguments.d_vector_dim, 1),
        }

    def __call__(self, paths: Iterable[str], contents: Sequence[bytes] = ()) -> tuple[Any, Any]:
        """Compute the tensors of a `SpeakerConditioning`, float32, on the model's device.

        With `contents`, those of the files, nothing is read from the disk.

        Raises:
            OSError: a recording cannot be read.
            UnknownVoice: a recording is not suitable for cloning.
            RuntimeError: the model failed.
            ValueError: the result is NaN or infinite.
        """
        import torch

        from wyoming_voice_stack.tts.engines.xtts.torch_threads import use_threads

        # The calling thread may have adopted a halved number when it started.
        use_threads(self._threads)
        recordings = [
            torch.from_numpy(each).unsqueeze(0) for each in self._recordings(paths, contents)
        ]
        with torch.inference_mode():
            embeddings = [
                self._model.get_speaker_embedding(each, CLONING_RATE) for each in recordings
            ]
            latent = self._model.get_gpt_cond_latents(
                torch.cat(recordings, dim=1),
                CLONING_RATE,
                length=self._config["gpt_cond_len"],
                chunk_length=self._config["gpt_cond_chunk_len"],
            )
            embedding = torch.stack(embeddings).mean(dim=0)
        if not (latent.isfinite().all() and embedding.isfinite().all()):
            raise ValueError("the model returned NaN or infinite values")
        return latent.float().contiguous(), embedding.float().contiguous()

    def _recordings(self, paths: Iterable[str], contents: Sequence[bytes] = ()) -> list[Samples]:
        recordings: list[Samples] = []
        remaining = int(MAX_CLONED_SECONDS * CLONING_RATE)
        for path, content in zip_longest(paths, contents):
            if remaining < MIN_RECORDING_SECONDS * CLONING_RATE:
                _LOGGER.debug("%s is not used: the recordings before it are long enough", path)
                break
            samples = self._prepared(Path(path), content)[:remaining]
            remaining -= len(samples)
            recordings.append(samples)
        return recordings

    def _prepared(self, path: Path, content: bytes | None = None) -> Samples:
        reading = partial(read_recording, path, CLONING_RATE, content=content)
        recording = reading() if content is not None else self._thread.read(reading)
        samples = self._trimmed(recording.samples)
        samples = np.clip(samples[: int(self._config["max_ref_len"] * CLONING_RATE)], -1, 1)
        if self._config["sound_norm_refs"]:
            samples *= np.float32(_NORMALIZED_PEAK) / max(np.abs(samples).max(), SILENT_PEAK)
        return samples

    def _trimmed(self, samples: Samples) -> Samples:
        if self._detector is None:
            return samples
        import soxr

        resampled = soxr.resample(samples, CLONING_RATE, SPEECH_RATE)
        try:
            part = spoken_part(samples, CLONING_RATE, self._detector(resampled))
        except VoiceStackError as error:
            _LOGGER.debug("Silence before and after speech is not trimmed: %s", error)
            return samples
        return part if len(part) >= MIN_RECORDING_SECONDS * CLONING_RATE else samples


def create_speaker_store(
    model: Any,
    checkpoint: Path | None = None,
    cache_folder: Path | None = None,
    detector: SpeechDetector | None = None,
) -> SpeakerStore:
    """The speakers of a loaded model; cached in `cache_folder` if that and the checkpoint are given."""
    studio = model.speaker_manager.speakers if model.speaker_manager is not None else {}
    cloner = XttsCloner(model, detector)
    cache = None
    if checkpoint is not None and cache_folder is not None:
        key = model_key(checkpoint / name for name in KEY_FILES)
        cache = LatentCache(
            cache_folder, f"{key}\0{parameters_key(cloner.parameters)}", cloner.shapes
        )
    return SpeakerStore(studio, cloner, cache=cache, device=device_of(model))
