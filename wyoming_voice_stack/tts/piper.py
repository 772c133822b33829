"""Piper: light voices of one language each, quick enough for any CPU."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from wyoming_voice_stack.errors import (
    EngineError,
    ModelCorrupt,
    ModelNotFound,
    NoAudio,
    UnknownLanguage,
    UnknownVoice,
)
from wyoming_voice_stack.languages import closest_language
from wyoming_voice_stack.tts.engine import EngineCard, Samples, SynthesisRequest, Voice
from wyoming_voice_stack.tts.language_tags import UNKNOWN, bcp47
from wyoming_voice_stack.tts.samples import as_samples

_LOGGER = logging.getLogger(__name__)

MAX_CHARACTERS = 250
"""ONNX Runtime keeps the memory of the longest sentence yet: for this length, some 250 MB."""

_HUB_NAME = re.compile(
    r"(?P<family>[a-z]{2,3})_(?P<region>[A-Z]{2}|\d{3})"
    r"-(?P<dataset>\w+)-(?P<quality>x_low|low|medium|high)"
)


def piper_hub_path(name: str) -> tuple[str, str]:
    """Paths of a voice's model and configuration in the repository `rhasspy/piper-voices`.

    Raises:
        ModelNotFound: the name has not the form of a Piper voice's name.
    """
    parts = _HUB_NAME.fullmatch(name)
    if parts is None:
        raise ModelNotFound(
            f"{name!r} is not the name of a Piper voice; such a name has language, voice and"
            " quality, like en_US-lessac-medium or de_DE-thorsten-high."
        )
    family, region, dataset, quality = parts.groups()
    model = f"{family}/{family}_{region}/{dataset}/{quality}/{name}.onnx"
    return model, f"{model}.json"


class PiperSource:
    """A voice: `NAME.onnx` with `NAME.onnx.json` beside it.

    `reference` is the voice's name or the model's path. `find` gives the path of the model when it
    is already there, `locate` fetches it first where needed. `threads` bounds those of one
    synthesis, None takes one a core. Where Piper itself finds several sentences in a text,
    `sentence_silence_ms` is put between them.

    A Piper model draws random numbers inside of ONNX Runtime, which cannot be started anew between
    two sentences. So, unlike other engines, the same request sounds alike each time, with slightly
    other lengths and samples.
    """

    def __init__(
        self,
        reference: str,
        *,
        find: Callable[[], Path | None],
        locate: Callable[[], Path],
        threads: int | None = None,
        sentence_silence_ms: int = 0,
    ) -> None:
        self._name = Path(reference).name.removesuffix(".onnx")
        self._find = find
        self._locate = locate
        self._threads = threads
        self._sentence_silence_ms = sentence_silence_ms

    def card(self) -> EngineCard:
        """What the configuration tells, or else the voice's name."""
        path = self._find()
        config = _read_config(path) if path is not None else None
        return _card(path.stem if path is not None else self._name, config or {})

    def max_characters(self, language: str) -> int:
        """The same for every language."""
        del language
        return MAX_CHARACTERS

    def load(self) -> PiperSynthesizer:
        """Load the voice; about 0.3 s.

        Raises:
            ModelNotFound: one of the two files is missing.
            ModelCorrupt: one of them is damaged.
            EngineError: piper-tts is not installed.
        """
        path = self._locate()
        if not path.is_file():
            raise ModelNotFound(f"There is no Piper voice {path}; check the path or fetch it anew.")
        config = _read_config(path)
        if config is None:
            raise ModelNotFound(
                f"{_config_path(path)} is missing or is no JSON; fetch it from where the voice"
                f" {path.name} came from."
            )
        voice = _load_voice(path, config, self._threads)
        return PiperSynthesizer(voice, _card(path.stem, config), self._sentence_silence_ms)


class PiperSynthesizer:
    """A loaded Piper voice."""

    def __init__(self, voice: Any, card: EngineCard, sentence_silence_ms: int) -> None:
        self._voice = voice
        self._card = card
        silent_samples = sentence_silence_ms * self.sample_rate // 1000
        self._sentence_silence = np.zeros(silent_samples, np.float32)

    @property
    def card(self) -> EngineCard:
        """One voice of one language; some have speakers to choose from."""
        return self._card

    @property
    def device(self) -> str:
        """Piper always runs on the CPU."""
        return "cpu"

    @property
    def sample_rate(self) -> int:
        """16 or 22.05 kHz, as the voice was trained."""
        return int(self._voice.config.sample_rate)

    def synthesize(self, request: SynthesisRequest) -> Generator[Samples]:
        """Yield the sentence in one piece.

        Raises:
            EngineError: piper-tts failed.
            NoAudio: nothing in the text can be spoken.
            UnknownLanguage: the voice has another language.
            UnknownVoice: there is no such voice or speaker.
        """
        self._check(request)
        said = False
        for chunk in self._chunks(request):
            if said and self._sentence_silence.size:
                yield self._sentence_silence.copy()
            said = True
            yield as_samples(chunk.audio_float_array)
        if not said:
            raise NoAudio("Nothing in this sentence can be spoken; send words or numbers.")

    def close(self) -> None:
        """Drop the session and with it the weights."""
        del self._voice

    def _check(self, request: SynthesisRequest) -> None:
        voice = self._card.voices[0]
        if closest_language(request.language, voice.languages) is None:
            raise UnknownLanguage(
                f"The voice {voice.name} speaks {voice.languages[0]}, not {request.language!r}."
            )
        if request.voice not in {None, voice.name} or request.clone is not None:
            raise UnknownVoice(f"Piper has loaded the voice {voice.name} and clones none.")
        if request.speaker is not None and request.speaker not in voice.speakers:
            there = ", ".join(voice.speakers) or "no choice of speakers"
            raise UnknownVoice(f"{voice.name} has no speaker {request.speaker!r}; it has: {there}.")

    def _chunks(self, request: SynthesisRequest) -> Generator[Any]:
        from piper import SynthesisConfig

        config = self._voice.config
        manner = SynthesisConfig(
            speaker_id=config.speaker_id_map.get(request.speaker),
            length_scale=config.length_scale / request.speed,
        )
        try:
            yield from self._voice.synthesize(request.text, manner)
        except Exception as error:
            raise EngineError(
                f"Piper failed on a sentence ({type(error).__name__}). Ask again; if it"
                " fails again, choose another voice."
            ) from error


def _card(name: str, config: Mapping[str, Any]) -> EngineCard:
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


def _language_of(config: Mapping[str, Any]) -> str | None:
    """As the voice's makers say, or as espeak-ng pronounces it."""
    named = (config.get("language") or {}).get("code") or (config.get("espeak") or {}).get("voice")
    tag = bcp47(named) if named else UNKNOWN
    return None if tag == UNKNOWN else tag


def _config_path(model: Path) -> Path:
    return model.with_name(f"{model.name}.json")


def _read_config(model: Path) -> dict[str, Any] | None:
    try:
        config = json.loads(_config_path(model).read_bytes())
    except (OSError, ValueError):
        return None
    return config if isinstance(config, dict) else None


def _load_voice(path: Path, config: dict[str, Any], threads: int | None) -> Any:
    try:
        import onnxruntime
        from piper import PiperVoice
        from piper.config import PiperConfig
    except ImportError as error:
        raise EngineError(
            f"piper-tts cannot be imported ({error}). Install it:"
            " pip install 'wyoming-voice-stack[piper]'"
        ) from error

    options = onnxruntime.SessionOptions()
    if threads:
        options.intra_op_num_threads = threads
    # Waiting threads spin by default, which takes the cores from speech recognition beside it.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        # Some languages fetch more data when first spoken; it belongs beside the voice.
        return PiperVoice(
            session=session, config=PiperConfig.from_dict(config), download_dir=path.parent
        )
    except Exception as error:
        raise ModelCorrupt(
            f"The Piper voice {path} cannot be loaded ({type(error).__name__}: {error}). Delete it"
            " and its .json, and fetch both again."
        ) from error
