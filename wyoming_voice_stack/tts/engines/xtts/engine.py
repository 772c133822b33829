"""XTTS v2: studio speakers and cloned voices in up to 17 languages."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any

from wyoming_voice_stack.errors import EngineError, NoAudio
from wyoming_voice_stack.machine.memory import collect_garbage
from wyoming_voice_stack.tts.engine import CloneSource, EngineCard, Samples, SynthesisRequest, Voice
from wyoming_voice_stack.tts.engines.torch_device import device_of, empty_card
from wyoming_voice_stack.tts.engines.xtts import language_codes as languages
from wyoming_voice_stack.tts.engines.xtts import limits
from wyoming_voice_stack.tts.engines.xtts.cloner import make_voices
from wyoming_voice_stack.tts.engines.xtts.decoding_stream import DecodingRequest
from wyoming_voice_stack.tts.engines.xtts.loading import load_model, start_scheduler
from wyoming_voice_stack.tts.engines.xtts.speakers import (
    SpeakerConditioning,
    SpeakerStore,
    studio_names,
)
from wyoming_voice_stack.tts.engines.xtts.text_preparation import PreparedText, TextPreparer
from wyoming_voice_stack.tts.scheduling.playback_buffer import PlaybackBuffer
from wyoming_voice_stack.tts.text.language.tags import primary
from wyoming_voice_stack.tts.voices.cloning.speech_detector import SpeechDetector

_LOGGER = logging.getLogger(__name__)

LANES = 16
"""Sentences that are spoken at the same time."""

_SPEAKERS_FILE = "speakers_xtts.pth"


class XttsSource:
    """An XTTS checkpoint: a folder with `config.json`, `model.pth`, `vocab.json`.

    `find` gives that folder when it is already there, `locate` fetches it first where needed.
    `device` is `auto`, or torch's name for where the model runs; `threads` bounds its threads on a CPU.
    `precision` is one of `auto`, `float32`, `float16`, `bfloat16` and `int8`. What is
    made of cloned voices is kept in `voices_cache`; `detector` finds the speech in recordings.
    """

    def __init__(
        self,
        reference: str,
        *,
        find: Callable[[], Path | None],
        locate: Callable[[], Path],
        device: str = "auto",
        threads: int | None = None,
        precision: str = "auto",
        voices_cache: Path | None = None,
        detector: SpeechDetector | None = None,
    ) -> None:
        self._reference = reference
        self._find = find
        self._locate = locate
        self._device = device
        self._threads = threads
        self._precision = precision
        self._voices_cache = voices_cache
        self._detector = detector

    def card(self) -> EngineCard:
        """Languages and studio speakers as the files tell them, or XTTS v2's languages."""
        folder = self._find()
        if folder is None:
            return _card(languages.XTTS_V2, ())
        return _card(_languages_of(folder), studio_names(folder / _SPEAKERS_FILE))

    def max_characters(self, language: str) -> int:
        """What XTTS's own tokenizer says for each language."""
        return limits.max_characters(language)

    def load(self) -> XttsSynthesizer:
        """Load the checkpoint and say a first word, so that no request pays for it.

        Raises:
            ModelNotFound: a file is missing.
            ModelCorrupt: a file is damaged, or not of this architecture.
            EngineError: coqui-tts is not installed, or the device does not work, or cannot compute
                with this precision.
        """
        folder = self._locate()
        model = load_model(folder, self._device, self._threads)
        voices = make_voices(model, folder, self._voices_cache, self._detector)
        synthesizer = XttsSynthesizer(model, _languages_of(folder), voices, self._precision)
        device = synthesizer.device
        try:
            self._warm_up(synthesizer)
        except EngineError as error:
            if self._precision in {"auto", "float32"}:
                raise
            raise EngineError(
                f"XTTS does not work with {self._precision} on {device} ({error.__cause__ or error})."
                " Set TTS_PRECISION to auto or float32."
            ) from error
        return synthesizer

    @staticmethod
    def _warm_up(synthesizer: XttsSynthesizer) -> None:
        try:
            synthesizer.warm_up()
        except BaseException:
            # Its threads would hold the weights.
            synthesizer.close()
            raise


class XttsSynthesizer:
    """A loaded XTTS, and the thread in which it speaks all requests together.

    A sentence that is too long for the model is said in parts. Should the model still not have
    come to its end after its 602 tokens (27.9 s), the sound stops there: what was heard cannot
    be taken back, and an error would lose the sentences that follow. `cut_sentences` counts
    these, and a warning is logged.
    """

    def __init__(
        self, model: Any, codes: Iterable[str], voices: SpeakerStore, precision: str = "auto"
    ) -> None:
        self._model = model
        self._device = device_of(model)
        self._reader = TextPreparer(
            model.tokenizer, max_text_tokens=model.args.gpt_max_text_tokens - 1
        )
        # Some tokenizers load what they need at their first text, which two must not do at once.
        self._reading = threading.Lock()
        self._voices = voices
        self._card = _card(codes, self._voices.names)
        self.cut_sentences = 0
        self._scheduler = start_scheduler(model, precision, rows=LANES)

    @property
    def card(self) -> EngineCard:
        """Every studio speaker is a voice of all languages; recordings are cloned."""
        return self._card

    @property
    def device(self) -> str:
        """Torch's name for where the model runs."""
        return self._device

    @property
    def sample_rate(self) -> int:
        """24 kHz for XTTS v2."""
        return int(self._model.config.audio.output_sample_rate)

    @property
    def lanes(self) -> int:
        """Sentences beyond these wait until one has ended."""
        return LANES

    def synthesize(self, request: SynthesisRequest, playback: PlaybackBuffer) -> Generator[Samples]:
        """Yield 0.2 s of sound as soon as may be, then more at a time, up to 1.9 s.

        Raises:
            EngineError: the model failed.
            UnspeakableText: a sentence or a sign in it cannot be read.
            NoAudio: nothing in the sentence can be spoken.
            UnknownLanguage: the language is not one of the card's.
            UnknownVoice: there is no such voice, or its recordings cannot be used.
        """
        tag = languages.offered_tag(request.language, self._card.languages)
        code = languages.code(tag)
        likeness = self._voices.of(request)
        with self._reading:
            wordings = self._reader.read(request.text, code)
        said = False
        for wording in wordings:
            line = DecodingRequest(self._tokens(wording, code), likeness, request.speed, playback)
            for piece in self._say(line, len(wording.written)):
                said = True
                yield piece
        if not said:
            raise NoAudio("XTTS made no sound of this sentence; send more words.")

    def prepare(self, source: CloneSource) -> None:
        """Clone a voice before somebody asks for it.

        Raises:
            UnknownVoice: its recordings cannot be used.
        """
        self._voices.prepare(source)

    def warm_up(self) -> None:
        """Say a word with nobody's voice: libraries load much on their first use.

        Raises:
            EngineError: the model failed.
        """
        import torch

        width = self._model.args.gpt_n_model_channels
        nobody = SpeakerConditioning(torch.zeros(1, 32, width), torch.zeros(1, 512, 1))
        word = DecodingRequest(
            self._tokens(PreparedText("hello.", "hello."), "en"), nobody, 1.0, PlaybackBuffer()
        )
        sound = self._scheduler.add(word).outbox.take_all()
        next(sound, None)
        sound.close()

    def close(self) -> None:
        """End the thread and give the memory back, the device's too."""
        self._scheduler.close()
        del self._model, self._voices, self._reader, self._scheduler
        collect_garbage()
        empty_card()

    def _tokens(self, wording: PreparedText, code: str) -> tuple[int, ...]:
        with self._reading:
            encoded = self._model.tokenizer.encode(
                wording.written.strip().lower(), lang=primary(code)
            )
        return tuple(encoded)

    def _say(self, line: DecodingRequest, characters: int) -> Generator[Samples]:
        stream = self._scheduler.add(line)
        yield from stream.outbox.take_all()
        if stream.cut:
            self.cut_sentences += 1
            _LOGGER.warning(
                "The voice was cut off: XTTS did not end a sentence of %d characters after its"
                " %d audio tokens",
                characters,
                stream.tokens,
            )


def _card(codes: Iterable[str], names: Iterable[str]) -> EngineCard:
    tags = languages.advertised(codes)
    return EngineCard(
        name="xtts",
        description="XTTS: studio speakers and voices cloned from recordings",
        attribution_name="Coqui",
        attribution_url="https://github.com/idiap/coqui-ai-TTS",
        languages=tags,
        voices=tuple(Voice(name, tags) for name in names),
        clones=True,
        runs_on=True,
    )


def _languages_of(folder: Path) -> tuple[str, ...]:
    try:
        codes = json.loads((folder / "config.json").read_bytes())["languages"]
    except (OSError, ValueError, LookupError, TypeError):
        return languages.XTTS_V2
    return tuple(map(str, codes)) or languages.XTTS_V2
