"""How XTTS gets to know a person: two tensors from recordings."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from importlib.metadata import version
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
from wyoming_voice_stack.tts.voices.cloning.reference_recording import (
    MIN_RECORDING_SECONDS,
    SILENT_PEAK,
    listen,
)
from wyoming_voice_stack.tts.voices.cloning.speech_detector import SpeechDetector, spoken_part

_LOGGER = logging.getLogger(__name__)

CLONING_RATE = 22_050
"""Rate in Hz that XTTS's conditioning encoder hears."""
MAX_CLONED_SECONDS = 120.0
"""Of all takes together. The encoder hears `gpt_cond_len` seconds of it, the speaker's embedding
is the mean over the takes."""
CLONER_VERSION = 1
"""Counts what changes the tensors of the same recordings."""
KEY_FILES = ("config.json", "model.pth")

_PARAMETERS = ("max_ref_len", "gpt_cond_len", "gpt_cond_chunk_len", "sound_norm_refs")
_NORMALIZED_PEAK = 0.75


class XttsCloner:
    """Does what coqui-tts's `Xtts.get_conditioning_latents` does, for arrays instead of paths.

    So recordings of any form are read in one way, and silence before and after speech is cut off
    where a detector tells it. Plain and blocking; threads may use it at the same time.
    """

    def __init__(self, model: Any, detector: SpeechDetector | None = None) -> None:
        import torch

        self._model = model
        self._threads = torch.get_num_threads()
        self._config = {name: model.config[name] for name in _PARAMETERS}
        self._detector = detector

    @property
    def parameters(self) -> Mapping[str, object]:
        """All that the tensors depend on besides recordings and weights."""
        trims = self._detector is not None
        return self._config | {
            "cloner": CLONER_VERSION,
            "coqui-tts": version("coqui-tts"),
            "trims": trims,
            "max_cloned_seconds": MAX_CLONED_SECONDS,
        }

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """What the two tensors look like."""
        arguments = self._model.args
        perceiver = getattr(self._model.gpt, "conditioning_perceiver", None)
        latents = 1 if perceiver is None else perceiver.latents.shape[0]
        return {
            LATENT: (1, latents, arguments.gpt_n_model_channels),
            SPEAKER: (1, arguments.d_vector_dim, 1),
        }

    def __call__(self, paths: Iterable[str]) -> tuple[Any, Any]:
        """Make `SpeakerConditioning`'s tensors, float32, on the model's device.

        Raises:
            OSError: a recording cannot be read.
            UnknownVoice: a recording is none that anybody can be cloned from.
            RuntimeError: the model failed.
            ValueError: it made no numbers of the recordings.
        """
        import torch

        from wyoming_voice_stack.tts.engines.xtts.torch_threads import use_threads

        # The caller's thread may have come up while others had halved them.
        use_threads(self._threads)
        takes = [torch.from_numpy(take).unsqueeze(0) for take in self._takes(paths)]
        with torch.inference_mode():
            embeddings = [self._model.get_speaker_embedding(take, CLONING_RATE) for take in takes]
            latent = self._model.get_gpt_cond_latents(
                torch.cat(takes, dim=1),
                CLONING_RATE,
                length=self._config["gpt_cond_len"],
                chunk_length=self._config["gpt_cond_chunk_len"],
            )
            embedding = torch.stack(embeddings).mean(dim=0)
        if not (latent.isfinite().all() and embedding.isfinite().all()):
            raise ValueError("the model made no numbers of them")
        return latent.float().contiguous(), embedding.float().contiguous()

    def _takes(self, paths: Iterable[str]) -> list[Samples]:
        takes: list[Samples] = []
        left = int(MAX_CLONED_SECONDS * CLONING_RATE)
        for path in paths:
            if left < MIN_RECORDING_SECONDS * CLONING_RATE:
                _LOGGER.debug("%s is left out: there is enough without it", path)
                break
            take = self._prepared(Path(path))[:left]
            left -= len(take)
            takes.append(take)
        return takes

    def _prepared(self, path: Path) -> Samples:
        samples = self._spoken(listen(path, CLONING_RATE).samples)
        samples = np.clip(samples[: int(self._config["max_ref_len"] * CLONING_RATE)], -1, 1)
        if self._config["sound_norm_refs"]:
            samples *= np.float32(_NORMALIZED_PEAK) / max(np.abs(samples).max(), SILENT_PEAK)
        return samples

    def _spoken(self, samples: Samples) -> Samples:
        if self._detector is None:
            return samples
        import soxr

        heard = soxr.resample(samples, CLONING_RATE, SPEECH_RATE)
        try:
            part = spoken_part(samples, CLONING_RATE, self._detector(heard))
        except VoiceStackError as error:
            _LOGGER.debug("silence around speech is not cut off: %s", error)
            return samples
        return part if len(part) >= MIN_RECORDING_SECONDS * CLONING_RATE else samples


def make_voices(
    model: Any,
    checkpoint: Path | None = None,
    cache_folder: Path | None = None,
    detector: SpeechDetector | None = None,
) -> SpeakerStore:
    """Voices of a loaded model; kept in `cache_folder` too, if that and the checkpoint are told."""
    studio = model.speaker_manager.speakers if model.speaker_manager is not None else {}
    cloner = XttsCloner(model, detector)
    cache = None
    if checkpoint is not None and cache_folder is not None:
        key = model_key(checkpoint / name for name in KEY_FILES)
        cache = LatentCache(
            cache_folder, f"{key}\0{parameters_key(cloner.parameters)}", cloner.shapes
        )
    return SpeakerStore(studio, cloner, cache=cache, device=device_of(model))
