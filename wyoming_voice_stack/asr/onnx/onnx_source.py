"""A model for onnx-asr that is not loaded yet."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from pathlib import Path

from wyoming_voice_stack.asr.engine import ModelFamily
from wyoming_voice_stack.asr.onnx.catalogue import known_model, languages_by_name
from wyoming_voice_stack.asr.onnx.engine import OnnxRecognizer
from wyoming_voice_stack.asr.onnx.layouts import Kind, Layout, can_translate, family_of, read_layout
from wyoming_voice_stack.asr.vad.silero import SileroVad
from wyoming_voice_stack.asr.whisper.catalogue import model_languages
from wyoming_voice_stack.errors import ModelCorrupt, ModelNotFound

SMALLER = "base"
"""A Whisper model that takes a third of Parakeet's memory."""
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class OnnxSource:
    """A model by its name or path, without `onnx-asr:`."""

    reference: str
    find: Callable[[], Path | None]
    """Returns the folder, or None if the model is not on disk."""
    locate: Callable[[], Path]
    """Returns the folder, and downloads the model first if needed."""
    _: KW_ONLY
    device: str
    """`ASR_DEVICE`; these models run on the CPU whatever it is."""
    threads: int

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """Whisper's codes: those of a known model, or those that the files tell.

        Raises:
            ModelCorrupt: neither is the case.
        """
        known = known_model(self.reference)
        if known is not None and known.languages:
            return known.languages
        layout = self._layout
        if layout is None:
            return model_languages(self.reference)
        found = layout.languages or languages_by_name(str(self.find()))
        if not found:
            raise ModelCorrupt(
                f"The languages of the model in {self.find()} are unknown; state them in its"
                ' config.json, such as "languages": ["en", "de"].'
            )
        return found

    @property
    def translates(self) -> bool:
        """True if the model was trained to translate to English, and onnx-asr lets it."""
        return can_translate(self._kind)

    @property
    def family(self) -> ModelFamily:
        """Where the model comes from."""
        return family_of(self._kind)

    @property
    def smaller(self) -> str | None:
        """Name of a model that takes less memory."""
        return SMALLER

    def load(self) -> OnnxRecognizer:
        """Load the model, and download it first if needed; see `OnnxRecognizer.load` for the errors."""
        if self.device.startswith("cuda"):
            _LOGGER.warning(
                "%s runs on the CPU, whatever ASR_DEVICE is: models of onnx-asr use no graphics card.",
                self.reference,
            )
        return OnnxRecognizer.load(
            self.locate(),
            languages=self.languages,
            threads=self.threads,
            vad=SileroVad.installed(),
        )

    @property
    def _kind(self) -> Kind:
        known = known_model(self.reference)
        if known is not None:
            # Damage to its files is reported by the attempt to load it.
            return known.kind
        if self._layout is None:
            raise ModelNotFound(f"Model {self.reference} does not exist; check ASR_MODEL.")
        return self._layout.kind

    @cached_property
    def _layout(self) -> Layout | None:
        """What the model's files say; None while they are not on disk."""
        folder = self.find()
        return None if folder is None else read_layout(folder)
