"""A Piper voice's files: its configuration, what that tells, and the loaded voice."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from wyoming_voice_stack.errors import EngineError, ModelCorrupt
from wyoming_voice_stack.tts.engine import EngineCard, Voice
from wyoming_voice_stack.tts.engines.vits.sentence_decoding import Sentence
from wyoming_voice_stack.tts.engines.vits.sessions import CutVoice, WholeVoice, load_voice
from wyoming_voice_stack.tts.engines.vits.stages import Tensor
from wyoming_voice_stack.tts.text.language.tags import UNKNOWN, bcp47

_READING = threading.Lock()
"""Libraries behind piper-tts, espeak-ng among them, have one state for the whole process."""


class PiperReader:
    """A loaded voice: text to phonemes, and phonemes to sentences that can be decoded."""

    def __init__(self, piper: Any, voice: CutVoice | WholeVoice) -> None:
        self._piper = piper
        self._voice = voice

    @property
    def sample_rate(self) -> int:
        """16 or 22.05 kHz, as the voice was trained."""
        return int(self._piper.config.sample_rate)

    def speaker_number(self, name: str | None) -> int:
        """The model's number of a speaker; without a name, that of the usual one."""
        config = self._piper.config
        return int(
            config.speaker_id_map.get(name, getattr(config, "default_speaker_id", None) or 0)
        )

    def phoneme_ids(self, text: str) -> list[list[int]]:
        """One list for each sentence that Piper finds in the text; none if it says nothing."""
        with _READING:
            sentences = self._piper.phonemize(text)
            return [self._piper.phonemes_to_ids(each) for each in sentences if each]

    def read(
        self, phoneme_ids: list[int], speaker_number: int, speed: float, hands: int = 1
    ) -> Sentence:
        """Compute all that needs the whole sentence; `hands` threads work on it."""
        config = self._piper.config
        scales = (config.noise_scale, config.length_scale / speed, config.noise_w_scale)
        feeds: dict[str, Tensor] = {
            "input": np.array([phoneme_ids], np.int64),
            "input_lengths": np.array([len(phoneme_ids)], np.int64),
            "scales": np.array(scales, np.float32),
            "sid": np.array([speaker_number], np.int64),
        }
        return self._voice.read({name: feeds[name] for name in self._voice.inputs}, hands)


def voice_card(name: str, config: Mapping[str, Any]) -> EngineCard:
    """What a configuration tells, or else the voice's name."""
    language = (_language_of(config) or bcp47(name.partition("-")[0]),)
    speakers = config.get("speaker_id_map") or {}
    return EngineCard(
        name="piper",
        description=f"Piper voice {name}",
        attribution_name="rhasspy",
        attribution_url="https://github.com/OHF-Voice/piper1-gpl",
        languages=language,
        voices=(Voice(name, language, tuple(sorted(speakers, key=speakers.__getitem__))),),
        clones=False,
    )


def config_path(model: Path) -> Path:
    """Where the configuration of a model is."""
    return model.with_name(f"{model.name}.json")


def read_config(model: Path) -> dict[str, Any] | None:
    """The configuration of a model; None if there is none that can be read."""
    try:
        config = json.loads(config_path(model).read_bytes())
    except (OSError, ValueError):
        return None
    return config if isinstance(config, dict) else None


def load_reader(path: Path, config: dict[str, Any], threads: int) -> PiperReader:
    """Load a voice.

    Raises:
        ModelCorrupt: one of its files is damaged.
        EngineError: piper-tts is not installed.
    """
    try:
        from piper import PiperVoice
        from piper.config import PiperConfig
    except ImportError as error:
        raise EngineError(
            f"piper-tts cannot be imported ({error}). Install it:"
            " pip install 'wyoming-voice-stack[piper]'"
        ) from error

    try:
        voice = load_voice(path, threads)
        # Only asked to read; some languages fetch more data then, which belongs beside the voice.
        piper = PiperVoice(
            session=None, config=PiperConfig.from_dict(config), download_dir=path.parent
        )
    except Exception as error:
        raise ModelCorrupt(
            f"The Piper voice {path} cannot be loaded ({type(error).__name__}: {error}). Delete it"
            " and its .json, and fetch both again."
        ) from error
    return PiperReader(piper, voice)


def _language_of(config: Mapping[str, Any]) -> str | None:
    """As the voice's makers say, or as espeak-ng pronounces it."""
    named = (config.get("language") or {}).get("code") or (config.get("espeak") or {}).get("voice")
    tag = bcp47(named) if named else UNKNOWN
    return None if tag == UNKNOWN else tag
