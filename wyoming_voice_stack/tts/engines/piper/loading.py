"""A Piper voice's files: the configuration, what it says, and the loaded voice."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from wyoming_voice_stack.errors import ModelCorrupt
from wyoming_voice_stack.models.json_files import read_json
from wyoming_voice_stack.tts.engine import EngineCard, Voice
from wyoming_voice_stack.tts.engines.espeak import ESPEAK_LOCK, keep_espeak_voice
from wyoming_voice_stack.tts.engines.failures import loading_failed, package_missing
from wyoming_voice_stack.tts.engines.model_files import single_voice_card
from wyoming_voice_stack.tts.engines.vits.sentence_decoding import EncodedSentence
from wyoming_voice_stack.tts.engines.vits.sessions import (
    StreamingVoice,
    WholeSentenceVoice,
    load_voice,
)
from wyoming_voice_stack.tts.engines.vits.worker_threads import Tensor
from wyoming_voice_stack.tts.text.language.tags import UNKNOWN, bcp47

_ESPEAK = "espeak"
"""Type of the phonemes of all voices but some of Arabic, Chinese, Hebrew, Japanese and Thai."""


MAX_EXAMPLE_PHONEMES = 256
"""Length of the example. A configuration may name any number of phonemes, and the encoder takes their square in memory."""


MIN_SAMPLE_RATE = 8_000
MAX_SAMPLE_RATE = 192_000
"""Bounds of the rate in Hz that a configuration may name; voices have 16,000 or 22,050."""


class PiperModel:
    """A loaded voice: turns text into phonemes, and phonemes into sentences that can be decoded."""

    def __init__(self, piper: Any, voice: StreamingVoice | WholeSentenceVoice) -> None:
        self._piper = piper
        self._voice = voice

    @property
    def sample_rate(self) -> int:
        """Rate in Hz that the voice was trained with: 16 or 22.05 kHz."""
        return int(self._piper.config.sample_rate)

    def speaker_number(self, name: str | None) -> int:
        """The model's number of a speaker; without a name, of the default one."""
        config = self._piper.config
        return int(
            config.speaker_id_map.get(name, getattr(config, "default_speaker_id", None) or 0)
        )

    def phoneme_ids(self, text: str) -> list[list[int]]:
        """One list for each sentence that Piper finds in the text; none if it has no words."""
        with ESPEAK_LOCK:
            sentences = self._piper.phonemize(text)
            return [self._piper.phonemes_to_ids(each) for each in sentences if each]

    def encode(
        self, phoneme_ids: list[int], speaker_number: int, speed: float, threads: int = 1
    ) -> EncodedSentence:
        """Compute everything that needs the whole sentence, with `threads` threads."""
        feeds = _feeds(self._piper.config, phoneme_ids, speaker_number, speed)
        return self._voice.encode({name: feeds[name] for name in self._voice.inputs}, threads)


def voice_card(name: str, config: Mapping[str, Any]) -> EngineCard:
    """Facts from a configuration, or from the voice's name where the configuration lacks them."""
    language = (_language_of(config) or bcp47(name.partition("-")[0]),)
    speakers = config.get("speaker_id_map") or {}
    names = tuple(sorted(speakers, key=speakers.__getitem__))
    voice = Voice(name, language, names, tuple(int(speakers[each]) for each in names))
    url = "https://github.com/OHF-Voice/piper1-gpl"
    return single_voice_card(voice, "piper", "Piper", "rhasspy", url)


def config_path(model: Path) -> Path:
    """Path of a model's configuration."""
    return model.with_name(f"{model.name}.json")


def read_config(model: Path) -> dict[str, Any] | None:
    """The configuration of a model; None if it is missing or not a JSON object."""
    try:
        config = read_json(config_path(model))
    except (OSError, ValueError):
        return None
    return config if isinstance(config, dict) else None


def load_model(
    path: Path, config: dict[str, Any], threads: int, *, integers: bool = True
) -> PiperModel:
    """Load a voice for up to `threads` threads a sentence; `integers` may be used where they are faster.

    Raises:
        ModelCorrupt: one of its files is damaged, or espeak-ng does not have its voice.
        EngineError: piper-tts is not installed, or memory ran out.
    """
    try:
        from piper import PiperVoice
        from piper.config import PiperConfig

        keep_espeak_voice()
    except ImportError as error:
        raise package_missing("piper-tts", "piper", error) from error

    try:
        settings = PiperConfig.from_dict(config)
        _require_sample_rate(settings)
        voice = load_voice(path, threads, _example(settings) if integers else None)
        # Used only to make phonemes; for some languages it downloads more data, beside the voice.
        piper = PiperVoice(session=None, config=settings, download_dir=path.parent)
    except Exception as error:
        advice = "Delete it and its .json file, and download both again."
        raise loading_failed(f"Piper voice {path}", error, advice) from error
    _require_espeak_voice(piper, path)
    return PiperModel(piper, voice)


def _feeds(
    config: Any, phoneme_ids: list[int], speaker_number: int, speed: float
) -> dict[str, Tensor]:
    """The model's inputs; a voice of one speaker has no `sid`."""
    scales = (config.noise_scale, config.length_scale / speed, config.noise_w_scale)
    return {
        "input": np.array([phoneme_ids], np.int64),
        "input_lengths": np.array([len(phoneme_ids)], np.int64),
        "scales": np.array(scales, np.float32),
        "sid": np.array([speaker_number], np.int64),
    }


def _example(config: Any) -> dict[str, Tensor]:
    """The inputs of a text with each phoneme of the voice, or the first of very many."""
    ids = [number for numbers in config.phoneme_id_map.values() for number in numbers]
    return _feeds(config, ids[:MAX_EXAMPLE_PHONEMES], 0, 1.0)


def _require_sample_rate(config: Any) -> None:
    rate = config.sample_rate
    if not isinstance(rate, int) or not MIN_SAMPLE_RATE <= rate <= MAX_SAMPLE_RATE:
        raise ValueError(f"the sample rate {rate!r:.40} is impossible")


def _require_espeak_voice(piper: Any, path: Path) -> None:
    """Check that espeak-ng has the voice that the configuration names; it fails on the first text without."""
    config = piper.config
    if getattr(config.phoneme_type, "value", config.phoneme_type) != _ESPEAK:
        return
    try:
        with ESPEAK_LOCK:
            piper.phonemize("a")
    except RuntimeError as error:
        raise ModelCorrupt(
            f"espeak-ng has no voice {config.espeak_voice!r}, which {config_path(path)} names. Correct"
            " espeak.voice there, or download the file again."
        ) from error


def _language_of(config: Mapping[str, Any]) -> str | None:
    """The language that the configuration names, or else the one that espeak-ng pronounces."""
    named = (config.get("language") or {}).get("code") or (config.get("espeak") or {}).get("voice")
    tag = bcp47(named) if named else UNKNOWN
    return None if tag == UNKNOWN else tag
