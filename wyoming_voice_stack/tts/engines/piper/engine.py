"""The Piper engine: small voices of one language each, faster than real time on any CPU."""

from __future__ import annotations

import re
from collections.abc import Generator
from dataclasses import KW_ONLY, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from wyoming_voice_stack.errors import ModelNotFound
from wyoming_voice_stack.machine.hardware import available_cores
from wyoming_voice_stack.machine.memory import trim_heap
from wyoming_voice_stack.models.hub_model import HubModel
from wyoming_voice_stack.models.lfs_pointer import refuse_lfs_pointers
from wyoming_voice_stack.tts.audio.samples import as_samples
from wyoming_voice_stack.tts.engine import EngineCard, Samples, SynthesisRequest
from wyoming_voice_stack.tts.engines.failures import synthesis_errors
from wyoming_voice_stack.tts.engines.model_files import ModelFiles
from wyoming_voice_stack.tts.engines.piper.loading import (
    PiperModel,
    config_path,
    load_model,
    read_config,
    voice_card,
)
from wyoming_voice_stack.tts.engines.piper.speaker_level import SpeakerLevel
from wyoming_voice_stack.tts.engines.request_checks import (
    nothing_to_speak,
    require_language,
    require_speaker,
)
from wyoming_voice_stack.tts.engines.vits.sentence_decoding import decode_in_chunks
from wyoming_voice_stack.tts.scheduling.fair_scheduler import FairScheduler
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer

MAX_CHARACTERS = 250
"""Bounds the memory and the time that encoding one sentence takes."""
LANES = 32
"""Sentences in progress at a time: as many as replies have places on two cores. Each holds its latents, 2 MB;
they are computed in turns."""
_HUB_NAME = re.compile(
    r"(?P<family>[a-z]{2,3})_(?P<region>[A-Z]{2}|\d{3})"
    r"-(?P<dataset>\w+)-(?P<quality>x_low|low|medium|high)"
)


def is_piper_name(name: str) -> bool:
    """Return whether a name has the form of a Piper voice's name."""
    return _HUB_NAME.fullmatch(name) is not None


def piper_hub_path(name: str) -> tuple[str, str]:
    """Paths of a voice's model and configuration in the repository `rhasspy/piper-voices`.

    Raises:
        ModelNotFound: the name does not have the form of a Piper voice's name.
    """
    parts = _HUB_NAME.fullmatch(name)
    if parts is None:
        raise ModelNotFound(
            f"{name!r} is not a valid name of a Piper voice. A name consists of language, dataset and"
            " quality, such as en_US-lessac-medium or de_DE-thorsten-high."
        )
    family, region, dataset, quality = parts.groups()
    model = f"{family}/{family}_{region}/{dataset}/{quality}/{name}.onnx"
    return model, f"{model}.json"


def piper_hub_model(name: str) -> HubModel:
    """Return the model of a voice in the repository `rhasspy/piper-voices`.

    Raises:
        ModelNotFound: the name does not have the form of a Piper voice's name.
    """
    files = piper_hub_path(name)
    return HubModel("rhasspy/piper-voices", include=files, required=files)


@dataclass(frozen=True)
class PiperSource:
    """A voice that is not loaded yet: `NAME.onnx` with `NAME.onnx.json` beside it.

    `files` refer to the `.onnx` file. With `integers`, large layers multiply 8-bit integers where that is
    faster. `threads` limits the threads of one synthesis; None allows one for
    each core. `sentence_silence_ms` is added between the sentences that Piper itself finds in a text.

    A Piper model draws random numbers inside ONNX Runtime, whose generator cannot be reset between two
    sentences. So, unlike with other engines, repeated requests differ slightly in length and samples.
    """

    files: ModelFiles
    _: KW_ONLY
    threads: int | None = None
    sentence_silence_ms: int = 0
    integers: bool = True

    def card(self) -> EngineCard:
        """Facts from the configuration, or from the voice's name while it is not on disk."""
        path = self.files.find()
        if path is None:
            return voice_card(Path(self.files.reference).name.removesuffix(".onnx"), {})
        return voice_card(path.stem, read_config(path) or {})

    def max_characters(self, language: str) -> int:
        """The same for every language."""
        del language
        return MAX_CHARACTERS

    def load(self) -> PiperSynthesizer:
        """Load the voice; takes about 0.3 s.

        Raises:
            ModelNotFound: one of the two files is missing.
            ModelCorrupt: one of them is damaged.
            EngineError: piper-tts is not installed.
        """
        path = self.files.locate()
        if not path.is_file():
            raise ModelNotFound(
                f"Piper voice {path} not found. Check the path, or download the voice again."
            )
        refuse_lfs_pointers(path)
        config = read_config(path)
        if config is None:
            raise ModelNotFound(
                f"{config_path(path)} is missing or is not valid JSON. Download it from where the"
                f" voice {path.name} came from."
            )
        cores = available_cores()
        model = load_model(path, config, self.threads or cores, integers=self.integers)
        # The bytes of the model's parts: 24 MB.
        trim_heap()
        # One core each for many clients, all cores for a single one. One sentence more than there are
        # cores is computed, so that no core is idle while one turn ends and another begins.
        at_once = max(1, min(LANES, cores // self.threads if self.threads else cores + 1))
        return PiperSynthesizer(
            model,
            voice_card(path.stem, config),
            self.sentence_silence_ms,
            FairScheduler(at_once, cores, self.threads),
        )


class PiperSynthesizer:
    """A loaded Piper voice, on the CPU; the sentences of all lanes are computed in turns."""

    def __init__(
        self, model: PiperModel, card: EngineCard, silence_ms: int, scheduler: FairScheduler
    ) -> None:
        self._model = model
        self._scheduler = scheduler
        self._level = SpeakerLevel()
        self._sentence_silence = np.zeros(silence_ms * model.sample_rate // 1000, np.float32)
        self.card = card
        self.device = "cpu"
        self.sample_rate = model.sample_rate
        self.lanes = LANES

    def synthesize(self, request: SynthesisRequest, playback: PlaybackBuffer) -> Generator[Samples]:
        """Yield the sentence in chunks, the first one short.

        Raises:
            EngineError: piper-tts failed.
            NoAudio: the text contains nothing to speak.
            UnknownLanguage: the voice does not support the language.
            UnknownVoice: there is no such voice or speaker.
        """
        voice = self.card.voices[0]
        require_language(voice, request.language)
        require_speaker(voice, request)
        spoken = False
        with synthesis_errors("Piper"):
            for phoneme_ids in self._model.phoneme_ids(request.text):
                if spoken and self._sentence_silence.size:
                    yield self._sentence_silence.copy()
                spoken = True
                yield from self._sentence(phoneme_ids, request, playback)
        if not spoken:
            raise nothing_to_speak()

    def close(self) -> None:
        """Free the sessions and their weights."""
        del self._model

    def _sentence(
        self, phoneme_ids: list[int], request: SynthesisRequest, playback: PlaybackBuffer
    ) -> Generator[Samples]:
        speaker = self._model.speaker_number(request.speaker)
        level = self._level.start_sentence(speaker)
        encode = partial(self._model.encode, phoneme_ids, speaker, request.speed)
        for chunk, last in decode_in_chunks(encode, self.sample_rate, self._scheduler, playback):
            yield level.scale(as_samples(chunk), last=last)
