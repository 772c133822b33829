"""Coqui's VITS models: one language each but for a few, some with many speakers."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Generator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from wyoming_voice_stack.errors import (
    EngineError,
    ModelNotFound,
    NoAudio,
    UnknownLanguage,
    UnknownVoice,
    VoiceStackError,
)
from wyoming_voice_stack.languages import closest_language
from wyoming_voice_stack.machine.memory import collect_garbage
from wyoming_voice_stack.tts.audio.samples import as_samples
from wyoming_voice_stack.tts.engine import EngineCard, Samples, SynthesisRequest, Voice
from wyoming_voice_stack.tts.engines.coqui.download import find_weights, language_of, voice_name
from wyoming_voice_stack.tts.engines.coqui.loading import load_vits
from wyoming_voice_stack.tts.engines.torch_device import device_of, empty_card
from wyoming_voice_stack.tts.engines.vits.receptive_field import NotLocal
from wyoming_voice_stack.tts.engines.vits.sentence_decoding import Sentence, WholeSentence, pieces
from wyoming_voice_stack.tts.engines.vits.torch_voice import TappedVoice
from wyoming_voice_stack.tts.scheduling.fair_scheduler import FairScheduler
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer
from wyoming_voice_stack.tts.text.language.tags import UNKNOWN, bcp47

_LOGGER = logging.getLogger(__name__)

MAX_CHARACTERS = 250
LANES = 16
"""Sentences at a time. Each holds its latents; the work itself is done in turns."""
SEED = 1
"""Where the random numbers of every sentence start, so that it sounds the same each time."""

_USUAL_LANGUAGE = "en"


class CoquiSource:
    """A VITS model: a folder with `config.json` and the weights.

    `reference` is Coqui's name of the model, or the folder. `find` gives the folder when it is
    already there, `locate` fetches it first where needed. `language` is a BCP 47 tag for models
    that do not tell their language. `device` and `threads` are as for XTTS.
    """

    def __init__(
        self,
        reference: str,
        *,
        find: Callable[[], Path | None],
        locate: Callable[[], Path],
        device: str = "auto",
        threads: int | None = None,
        language: str | None = None,
    ) -> None:
        self._reference = reference
        self._find = find
        self._locate = locate
        self._device = device
        self._threads = threads
        self._language = language

    def card(self) -> EngineCard:
        """What name and files tell; some models name their speakers only when loaded."""
        folder = self._find()
        config = _read_json(folder / "config.json") if folder is not None else {}
        languages = self._languages(folder, config)
        speakers = _speakers_in(folder, config) if folder is not None else ()
        return _card(voice_name(self._reference), tuple(languages), speakers)

    def max_characters(self, language: str) -> int:
        """The same for every language; memory and waiting bound it, not the model."""
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
        folder = self._locate()
        weights = find_weights(folder)
        if weights is None or not (folder / "config.json").is_file():
            raise ModelNotFound(
                f"No Coqui model is in {folder}: it needs config.json and model_file.pth or"
                " model.pth. Fetch the model again, or name the folder that holds it."
            )
        model = load_vits(folder, weights, self._device, self._threads)
        languages = self._languages(folder, _read_json(folder / "config.json"))
        return CoquiSynthesizer(model, voice_name(self._reference), languages)

    def _languages(self, folder: Path | None, config: Mapping[str, Any]) -> dict[str, str]:
        """BCP 47 tag -> the model's own name, in the model's order."""
        several = _several_languages(folder, config) if folder is not None else []
        if several:
            return {bcp47(name): name for name in several}
        known = self._language or language_of(self._reference) or _language_in(config)
        return {bcp47(known or _USUAL_LANGUAGE): ""}


class CoquiSynthesizer:
    """A loaded VITS model."""

    def __init__(self, model: Any, name: str, languages: Mapping[str, str]) -> None:
        self._model = model
        self._device = device_of(model)
        self._languages = dict(languages)
        manager = model.speaker_manager
        names = manager.speaker_names if manager is not None else []
        # Some models have names with white space around them.
        self._speakers = {str(each).strip(): each for each in names} if len(names) > 1 else {}
        self._length_scale = model.length_scale
        self._tapped = _tapped(model)
        # Seed and speed are the whole process's and the model's: they hold for one turn.
        self._turns = FairScheduler(at_once=1)
        self._card = _card(name, tuple(languages), tuple(self._speakers))

    @property
    def card(self) -> EngineCard:
        """One voice, in all languages of the model."""
        return self._card

    @property
    def device(self) -> str:
        """Torch's name for where the model runs."""
        return self._device

    @property
    def sample_rate(self) -> int:
        """As the model was trained: 16 to 48 kHz."""
        return int(self._model.config.audio.sample_rate)

    @property
    def lanes(self) -> int:
        """Sentences that are spoken at the same time, in turns."""
        return LANES

    def synthesize(self, request: SynthesisRequest, playback: PlaybackBuffer) -> Generator[Samples]:
        """Yield the sentence window by window, the first one short.

        Raises:
            EngineError: coqui-tts failed.
            NoAudio: nothing in the text can be spoken.
            UnknownLanguage: the language is not one of the card's.
            UnknownVoice: there is no such voice or speaker.
        """
        language = self._language(request)
        speaker = self._speaker(request)
        read = partial(self._read, request.text, speaker, language, request.speed)
        try:
            for piece, _ in pieces(lambda _: read(), self.sample_rate, self._turns, playback):
                yield as_samples(piece)
        except VoiceStackError:
            raise
        except Exception as error:
            raise EngineError(
                f"The voice failed on a sentence ({type(error).__name__}). Ask again; if"
                " it fails again, choose another voice."
            ) from error

    def close(self) -> None:
        """Give the memory back, the device's too."""
        del self._model, self._tapped
        collect_garbage()
        empty_card()

    def _language(self, request: SynthesisRequest) -> str | None:
        """The model's own name of the language; None if it has only one."""
        tag = closest_language(request.language, self._languages)
        if tag is None:
            raise UnknownLanguage(
                f"{self._card.voices[0].name} does not speak {request.language!r}; choose one of"
                f" {', '.join(self._languages)}."
            )
        return self._languages[tag] or None

    def _speaker(self, request: SynthesisRequest) -> Any:
        name = self._card.voices[0].name
        if request.voice not in {None, name} or request.clone is not None:
            raise UnknownVoice(f"The model loaded is the voice {name}, and clones none.")
        wanted = request.speaker or next(iter(self._speakers), None)
        if wanted is None:
            return None
        if wanted not in self._speakers:
            there = ", ".join(self._speakers) or "no choice of speakers"
            raise UnknownVoice(f"{name} has no speaker {wanted!r}; it has: {there}.")
        return self._speakers[wanted]

    def _read(self, text: str, speaker: Any, language: str | None, speed: float) -> Sentence:
        """Within a turn: what makes phonemes is not made for several threads either."""
        import torch

        self._require_words(text, language)
        self._model.length_scale = self._length_scale / speed
        torch.manual_seed(SEED)
        speak = partial(self._model.synthesize, text, speaker=speaker, language=language)
        return self._tapped.read(speak) if self._tapped else WholeSentence(speak()["wav"])

    def _require_words(self, text: str, language: str | None) -> None:
        """Models that read letters drop those they do not know, and fail if none is left."""
        readable = any(character.isalnum() for character in text)
        tokenizer = self._model.tokenizer
        if readable and not tokenizer.use_phonemes:
            known = set(tokenizer.text_to_ids(text, language=language))
            readable = bool(known - {tokenizer.blank_id, tokenizer.pad_id})
        if not readable:
            raise NoAudio("Nothing in this sentence can be spoken; send words this voice can read.")


def _tapped(model: Any) -> TappedVoice | None:
    try:
        return TappedVoice(model)
    except (NotLocal, AttributeError) as error:
        _LOGGER.info("This model speaks each sentence as a whole (%s)", error)
        return None


def _card(name: str, languages: tuple[str, ...], speakers: tuple[str, ...]) -> EngineCard:
    return EngineCard(
        name="coqui",
        description=f"Coqui VITS voice {name}",
        attribution_name="Coqui",
        attribution_url="https://github.com/idiap/coqui-ai-TTS",
        languages=languages,
        voices=(Voice(name, languages, speakers),),
        clones=False,
    )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _beside(folder: Path, named: Any) -> Path | None:
    """Where a file of the model is: configurations name it where their author had it."""
    first = named[0] if isinstance(named, list) and named else named
    path = folder / Path(first).name if first and isinstance(first, str) else None
    return path if path is not None and path.is_file() else None


def _setting(config: Mapping[str, Any], name: str) -> Any:
    arguments = config.get("model_args") or {}
    return arguments.get(name) or config.get(name)


def _several_languages(folder: Path, config: Mapping[str, Any]) -> list[str]:
    if not _setting(config, "use_language_embedding"):
        return []
    ids = _beside(folder, _setting(config, "language_ids_file"))
    return list(_read_json(ids) if ids is not None else config.get("languages") or ())


def _speakers_in(folder: Path, config: Mapping[str, Any]) -> tuple[str, ...]:
    ids = _beside(folder, _setting(config, "speakers_file"))
    if ids is None or not _setting(config, "use_speaker_embedding"):
        return ()
    names = tuple(name.strip() for name in _read_json(ids))
    return names if len(names) > 1 else ()


def _language_in(config: Mapping[str, Any]) -> str | None:
    """What the phonemes are made for, or else what the model was trained on."""
    datasets = config.get("datasets") or []
    named = (config.get("phoneme_language"), *(each.get("language") for each in datasets))
    return next((name for name in named if name and bcp47(name) != UNKNOWN), None)
