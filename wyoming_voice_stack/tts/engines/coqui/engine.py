"""The Coqui engine: VITS models, most of one language, some with many speakers."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from wyoming_voice_stack.errors import ModelNotFound
from wyoming_voice_stack.machine.memory import collect_garbage
from wyoming_voice_stack.models.json_files import read_json
from wyoming_voice_stack.tts.audio.samples import as_samples
from wyoming_voice_stack.tts.engine import EngineCard, Samples, SynthesisRequest, Voice
from wyoming_voice_stack.tts.engines.coqui.compat import importing
from wyoming_voice_stack.tts.engines.coqui.download import find_weights, language_of, voice_name
from wyoming_voice_stack.tts.engines.coqui.loading import load_vits
from wyoming_voice_stack.tts.engines.failures import synthesis_errors
from wyoming_voice_stack.tts.engines.model_files import ModelFiles, single_voice_card
from wyoming_voice_stack.tts.engines.request_checks import (
    nothing_to_speak,
    require_language,
    require_speaker,
)
from wyoming_voice_stack.tts.engines.torch_device import (
    device_of,
    free_device_memory,
    require_device,
)
from wyoming_voice_stack.tts.engines.vits.receptive_field import NotStreamable
from wyoming_voice_stack.tts.engines.vits.sentence_decoding import (
    EncodedSentence,
    WholeSentence,
    decode_in_chunks,
)
from wyoming_voice_stack.tts.engines.vits.torch_voice import TorchVoice
from wyoming_voice_stack.tts.scheduling.fair_scheduler import FairScheduler
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer
from wyoming_voice_stack.tts.text.language.tags import UNKNOWN, bcp47

_LOGGER = logging.getLogger(__name__)

MAX_CHARACTERS = 250
LANES = 16
"""Sentences in progress at a time. Each holds its latents; they are computed in turns."""
SEED = 1
"""Seed of every sentence's random numbers, so that the same sentence sounds the same each time."""

_DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True)
class CoquiSource:
    """A VITS model that is not loaded yet: a folder with `config.json` and the weights.

    `files.reference` is Coqui's name of the model, or the folder. `language` is a BCP 47 tag for models
    that do not name their language. `device` and `threads` are as for XTTS.
    """

    files: ModelFiles
    _: KW_ONLY
    device: str = "auto"
    threads: int | None = None
    language: str | None = None

    def card(self) -> EngineCard:
        """Facts from name and files; some models name their speakers only once they are loaded."""
        folder = self.files.find()
        config = _read_json(folder / "config.json") if folder is not None else {}
        languages = self._languages(folder, config)
        speakers = _speakers_in(folder, config) if folder is not None else ()
        return _card(voice_name(self.files.reference), tuple(languages), speakers)

    def max_characters(self, language: str) -> int:
        """The same for every language; it bounds memory and waiting, the model itself has no limit."""
        del language
        return MAX_CHARACTERS

    def load(self) -> CoquiSynthesizer:
        """Load the model.

        Raises:
            ModelNotFound: a file is missing.
            ModelCorrupt: a file is damaged.
            ModelError: the model is not a VITS model.
            EngineError: coqui-tts or espeak-ng is not installed, or the device does not work.
        """
        with importing():
            require_device(self.device)
        folder = self.files.locate()
        weights = find_weights(folder)
        if weights is None or not (folder / "config.json").is_file():
            raise ModelNotFound(
                f"No Coqui model in {folder}: it needs config.json and model_file.pth or model.pth."
                " Download the model again, or set the folder that contains it."
            )
        model = load_vits(folder, weights, self.device, self.threads)
        languages = self._languages(folder, _read_json(folder / "config.json"))
        return CoquiSynthesizer(model, voice_name(self.files.reference), languages)

    def _languages(self, folder: Path | None, config: Mapping[str, Any]) -> dict[str, str]:
        """BCP 47 tag -> the model's own name, in the model's order."""
        several = _several_languages(folder, config) if folder is not None else []
        if several:
            return {bcp47(name): name for name in several}
        known = self.language or language_of(self.files.reference) or _language_in(config)
        return {bcp47(known or _DEFAULT_LANGUAGE): ""}


class CoquiSynthesizer:
    """A loaded VITS model: one voice in all languages of the model."""

    def __init__(self, model: Any, name: str, languages: Mapping[str, str]) -> None:
        self._model = model
        self._languages = dict(languages)
        manager = model.speaker_manager
        names = manager.speaker_names if manager is not None else []
        # Some models have names with white space around them.
        self._speakers = {str(each).strip(): each for each in names} if len(names) > 1 else {}
        self._length_scale = model.length_scale
        self._streaming = _streaming_voice(model)
        # The seed is the process's and the speed is the model's, so one sentence is computed at a time.
        self._scheduler = FairScheduler(at_once=1)
        self.card = _card(name, tuple(languages), tuple(self._speakers))
        self.device = device_of(model)
        self.sample_rate = int(model.config.audio.sample_rate)
        self.lanes = LANES

    def synthesize(self, request: SynthesisRequest, playback: PlaybackBuffer) -> Generator[Samples]:
        """Yield the sentence in chunks, the first one short.

        Raises:
            EngineError: coqui-tts failed.
            NoAudio: the text contains nothing to speak.
            UnknownLanguage: the language is not one of the card's.
            UnknownVoice: there is no such voice or speaker.
        """
        voice = self.card.voices[0]
        # Models of one language have no name for it.
        language = self._languages[require_language(voice, request.language)] or None
        require_speaker(voice, request)
        speaker = self._speakers.get(request.speaker or next(iter(self._speakers), ""))
        encode = partial(self._encode, request.text, speaker, language, request.speed)
        with synthesis_errors(f"Voice {voice.name!r}"):
            chunks = decode_in_chunks(
                lambda _threads: encode(), self.sample_rate, self._scheduler, playback
            )
            for chunk, _ in chunks:
                yield as_samples(chunk)

    def close(self) -> None:
        """Free the memory, the device's too."""
        del self._model, self._streaming
        collect_garbage()
        free_device_memory()

    def _encode(
        self, text: str, speaker: Any, language: str | None, speed: float
    ) -> EncodedSentence:
        """Encode the text, within a turn: the phonemizer is not thread-safe either."""
        import torch

        self._require_words(text, language)
        self._model.length_scale = self._length_scale / speed
        torch.manual_seed(SEED)
        synthesize = partial(self._model.synthesize, text, speaker=speaker, language=language)
        if self._streaming is None:
            return WholeSentence(synthesize()["wav"])
        return self._streaming.encode(synthesize)

    def _require_words(self, text: str, language: str | None) -> None:
        """Models that read letters drop unknown ones, and fail if none is left."""
        readable = any(character.isalnum() for character in text)
        tokenizer = self._model.tokenizer
        if readable and not tokenizer.use_phonemes:
            known = set(tokenizer.text_to_ids(text, language=language))
            readable = bool(known - {tokenizer.blank_id, tokenizer.pad_id})
        if not readable:
            raise nothing_to_speak()


def _streaming_voice(model: Any) -> TorchVoice | None:
    try:
        return TorchVoice(model)
    except (NotStreamable, AttributeError) as error:
        _LOGGER.info("This model synthesizes each sentence as a whole (%s)", error)
        return None


def _card(name: str, languages: tuple[str, ...], speakers: tuple[str, ...]) -> EngineCard:
    voice = Voice(name, languages, speakers)
    url = "https://github.com/idiap/coqui-ai-TTS"
    return single_voice_card(voice, "coqui", "Coqui VITS", "Coqui", url)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _file_in(folder: Path, named: Any) -> Path | None:
    """The file of this name in `folder`: configurations contain the path on their author's machine."""
    first = named[0] if isinstance(named, list) and named else named
    path = folder / Path(first).name if first and isinstance(first, str) else None
    return path if path is not None and path.is_file() else None


def _setting(config: Mapping[str, Any], name: str) -> Any:
    arguments = config.get("model_args") or {}
    return arguments.get(name) or config.get(name)


def _several_languages(folder: Path, config: Mapping[str, Any]) -> list[str]:
    if not _setting(config, "use_language_embedding"):
        return []
    ids = _file_in(folder, _setting(config, "language_ids_file"))
    return list(_read_json(ids) if ids is not None else config.get("languages") or ())


def _speakers_in(folder: Path, config: Mapping[str, Any]) -> tuple[str, ...]:
    ids = _file_in(folder, _setting(config, "speakers_file"))
    if ids is None or not _setting(config, "use_speaker_embedding"):
        return ()
    names = tuple(name.strip() for name in _read_json(ids))
    return names if len(names) > 1 else ()


def _language_in(config: Mapping[str, Any]) -> str | None:
    """The language of the phonemes, or else of the training data."""
    datasets = config.get("datasets") or []
    named = (config.get("phoneme_language"), *(each.get("language") for each in datasets))
    return next((name for name in named if name and bcp47(name) != UNKNOWN), None)
