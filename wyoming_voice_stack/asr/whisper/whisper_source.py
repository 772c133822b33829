"""A Whisper model that is not loaded yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from pathlib import Path

from wyoming_voice_stack.asr.engine import WHISPER, ModelFamily
from wyoming_voice_stack.asr.vad.silero import SileroVad
from wyoming_voice_stack.asr.whisper.catalogue import can_translate, model_languages, smaller_model
from wyoming_voice_stack.asr.whisper.engine import WhisperRecognizer
from wyoming_voice_stack.asr.whisper.loading import cuda_devices
from wyoming_voice_stack.errors import ModelCorrupt
from wyoming_voice_stack.machine.cuda_device import missing_cublas, require_cuda_device


@dataclass(frozen=True)
class WhisperSource:
    """A model by its name or path; see `WhisperRecognizer.load` for the options."""

    reference: str
    find: Callable[[], Path | None]
    """Returns the folder, or None if the model is not on disk."""
    locate: Callable[[], Path]
    """Returns the folder, and downloads the model first if needed."""
    _: KW_ONLY
    device: str
    compute_type: str
    cpu_threads: int
    beam_size: int

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Whisper's codes, from the files, or from the name while they are not on disk."""
        folder = self.find()
        try:
            return model_languages(self.reference if folder is None else folder)
        except ModelCorrupt:
            # Like other damage, it is reported by the attempt to load the model.
            return model_languages(self.reference)

    @property
    def translates(self) -> bool:
        """True if the model was trained to translate to English."""
        return can_translate(self.reference, self.languages)

    @property
    def family(self) -> ModelFamily:
        """Where the model comes from."""
        return WHISPER

    @property
    def smaller(self) -> str | None:
        """Name of the next smaller model; None for the smallest."""
        return smaller_model(self.reference)

    def load(self) -> WhisperRecognizer:
        """Load the model; see `WhisperRecognizer.load` for the errors."""
        require_cuda_device("ASR_DEVICE", self.device, cuda_devices, missing_cublas)
        return WhisperRecognizer.load(
            self.locate(),
            device=self.device,
            compute_type=self.compute_type,
            cpu_threads=self.cpu_threads,
            beam_size=self.beam_size,
            vad=SileroVad.installed(),
        )
