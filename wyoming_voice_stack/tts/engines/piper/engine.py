"""Piper: light voices of one language each, quick enough for any CPU."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path

import numpy as np

from wyoming_voice_stack.errors import (
    EngineError,
    ModelNotFound,
    NoAudio,
    UnknownLanguage,
    UnknownVoice,
    VoiceStackError,
)
from wyoming_voice_stack.languages import closest_language
from wyoming_voice_stack.machine.hardware import available_cores
from wyoming_voice_stack.machine.memory import trim_heap
from wyoming_voice_stack.tts.audio.samples import as_samples
from wyoming_voice_stack.tts.engine import EngineCard, Samples, SynthesisRequest
from wyoming_voice_stack.tts.engines.piper.loading import (
    PiperReader,
    config_path,
    load_reader,
    read_config,
    voice_card,
)
from wyoming_voice_stack.tts.engines.piper.speaker_level import SpeakerLevel
from wyoming_voice_stack.tts.engines.vits.sentence_decoding import pieces
from wyoming_voice_stack.tts.scheduling.fair_scheduler import FairScheduler
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer

MAX_CHARACTERS = 250
"""Bounds the memory and the time that one sentence's reading takes."""
LANES = 16
"""Sentences at a time. Each holds its latents, 2 MB; the work itself is done in turns."""
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
        config = read_config(path) if path is not None else None
        return voice_card(path.stem if path is not None else self._name, config or {})

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
        config = read_config(path)
        if config is None:
            raise ModelNotFound(
                f"{config_path(path)} is missing or is no JSON; fetch it from where the voice"
                f" {path.name} came from."
            )
        cores = available_cores()
        reader = load_reader(path, config, self._threads or cores)
        # The parts that the voice was cut into: 24 MB.
        trim_heap()
        # One core each where many speak, and all of them for one who speaks alone. One more than there
        # are cores computes, so that none is idle while a turn ends and another one begins.
        at_once = max(1, min(LANES, cores // self._threads if self._threads else cores + 1))
        return PiperSynthesizer(
            reader,
            voice_card(path.stem, config),
            self._sentence_silence_ms,
            FairScheduler(at_once, cores, self._threads),
        )


class PiperSynthesizer:
    """A loaded Piper voice; the sentences of all lanes share it, window by window."""

    def __init__(
        self, reader: PiperReader, card: EngineCard, sentence_silence_ms: int, turns: FairScheduler
    ) -> None:
        self._reader = reader
        self._card = card
        self._turns = turns
        self._loudness = SpeakerLevel()
        self._sentence_silence = np.zeros(
            sentence_silence_ms * self.sample_rate // 1000, np.float32
        )

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
        return self._reader.sample_rate

    @property
    def lanes(self) -> int:
        """Sentences that are spoken at the same time, in turns."""
        return LANES

    def synthesize(self, request: SynthesisRequest, playback: PlaybackBuffer) -> Generator[Samples]:
        """Yield the sentence window by window, the first one short.

        Raises:
            EngineError: piper-tts failed.
            NoAudio: nothing in the text can be spoken.
            UnknownLanguage: the voice has another language.
            UnknownVoice: there is no such voice or speaker.
        """
        self._check(request)
        said = False
        try:
            for phoneme_ids in self._reader.phoneme_ids(request.text):
                if said and self._sentence_silence.size:
                    yield self._sentence_silence.copy()
                said = True
                yield from self._sentence(phoneme_ids, request, playback)
        except VoiceStackError:
            raise
        except Exception as error:
            raise EngineError(
                f"Piper failed on a sentence ({type(error).__name__}). Ask again; if it"
                " fails again, choose another voice."
            ) from error
        if not said:
            raise NoAudio("Nothing in this sentence can be spoken; send words or numbers.")

    def close(self) -> None:
        """Drop the sessions and with them the weights."""
        del self._reader

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

    def _sentence(
        self, phoneme_ids: list[int], request: SynthesisRequest, playback: PlaybackBuffer
    ) -> Generator[Samples]:
        speaker = self._reader.speaker_number(request.speaker)
        loudness = self._loudness.of_sentence(speaker)
        read = partial(self._reader.read, phoneme_ids, speaker, request.speed)
        for piece, last in pieces(read, self.sample_rate, self._turns, playback):
            yield loudness.scale(as_samples(piece), last=last)
