"""The XTTS v2 engine: studio speakers and cloned voices in up to 17 languages."""

from __future__ import annotations

import logging
import threading
from collections.abc import Generator, Iterable
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any

from wyoming_voice_stack.errors import EngineError, NoAudio
from wyoming_voice_stack.machine.memory import collect_garbage
from wyoming_voice_stack.models.json_files import read_json
from wyoming_voice_stack.tts.engine import CloneSource, EngineCard, Samples, SynthesisRequest, Voice
from wyoming_voice_stack.tts.engines.coqui.compat import importing
from wyoming_voice_stack.tts.engines.model_files import ModelFiles
from wyoming_voice_stack.tts.engines.torch_device import (
    device_of,
    free_device_memory,
    require_device,
)
from wyoming_voice_stack.tts.engines.xtts import language_codes as languages
from wyoming_voice_stack.tts.engines.xtts import limits
from wyoming_voice_stack.tts.engines.xtts.cloner import create_speaker_store
from wyoming_voice_stack.tts.engines.xtts.decoding_stream import DecodingRequest
from wyoming_voice_stack.tts.engines.xtts.loading import (
    SPEAKERS_FILE,
    load_model,
    start_scheduler,
)
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
"""Sentences that are synthesized at the same time."""


@dataclass(frozen=True)
class XttsSource:
    """An XTTS checkpoint that is not loaded yet: a folder with `config.json`, `model.pth`, `vocab.json`.

    `device` is `auto` or torch's name of a device; `threads` limits its threads on a CPU. `precision` is
    one of `auto`, `float32`, `float16`, `bfloat16` and `int8`. The latents of cloned voices are cached in
    `voices_cache`; `detector` finds the speech in reference recordings.
    """

    files: ModelFiles
    _: KW_ONLY
    device: str = "auto"
    threads: int | None = None
    precision: str = "auto"
    voices_cache: Path | None = None
    detector: SpeechDetector | None = None

    def card(self) -> EngineCard:
        """Languages and studio speakers from the files; before the download, XTTS v2's languages."""
        folder = self.files.find()
        if folder is None:
            return _card(languages.XTTS_V2, ())
        return _card(_languages_of(folder), studio_names(folder / SPEAKERS_FILE))

    def max_characters(self, language: str) -> int:
        """The limit of XTTS's own tokenizer for the language."""
        return limits.max_characters(language)

    def load(self) -> XttsSynthesizer:
        """Load the checkpoint and synthesize a word, so that no request pays for lazy initialization.

        Raises:
            ModelNotFound: a file is missing.
            ModelCorrupt: a file is damaged, or not of this architecture.
            EngineError: coqui-tts is not installed, the device does not work, or it does not support the
                precision.
        """
        with importing():
            require_device(self.device)
        folder = self.files.locate()
        model = load_model(folder, self.device, self.threads)
        speakers = create_speaker_store(model, folder, self.voices_cache, self.detector)
        synthesizer = XttsSynthesizer(model, _languages_of(folder), speakers, self.precision)
        try:
            self._warm_up(synthesizer)
        except EngineError as error:
            if self.precision in {"auto", "float32"}:
                raise
            raise EngineError(
                f"XTTS does not work with {self.precision} on {synthesizer.device}"
                f" ({error.__cause__ or error}). Set TTS_PRECISION to auto or float32."
            ) from error
        return synthesizer

    @staticmethod
    def _warm_up(synthesizer: XttsSynthesizer) -> None:
        try:
            synthesizer.warm_up()
        except BaseException:
            # Otherwise its threads would keep the weights in memory.
            synthesizer.close()
            raise


class XttsSynthesizer:
    """A loaded XTTS and the thread that decodes all requests in one batch.

    Each studio speaker is a voice of all languages; other voices are cloned from recordings.

    A sentence that is too long for the model is synthesized in parts. If the model still has not ended
    after its 602 tokens (27.9 s), the audio stops there: the client has played it already, and an error
    would lose the sentences that follow. `truncated_sentences` counts these, and a warning is logged.
    """

    def __init__(
        self, model: Any, codes: Iterable[str], speakers: SpeakerStore, precision: str = "auto"
    ) -> None:
        self._model = model
        self._preparer = TextPreparer(
            model.tokenizer, max_text_tokens=model.args.gpt_max_text_tokens - 1
        )
        # Some tokenizers load what they need with their first text, and are not thread-safe meanwhile.
        self._tokenizing = threading.Lock()
        self._speakers = speakers
        self.truncated_sentences = 0
        self.card = _card(codes, speakers.names)
        self.device = device_of(model)
        self.sample_rate = int(model.config.audio.output_sample_rate)
        self.lanes = LANES
        # Last: an error after it would leave its threads, which keep the weights in memory.
        self._scheduler = start_scheduler(model, precision, rows=LANES)

    def synthesize(self, request: SynthesisRequest, playback: PlaybackBuffer) -> Generator[Samples]:
        """Yield 0.2 s of audio as early as possible, then longer chunks, up to 1.9 s.

        Raises:
            EngineError: the model failed.
            UnspeakableText: the tokenizer cannot read a sentence or a character.
            NoAudio: the sentence contains nothing to speak.
            UnknownLanguage: the language is not one of the card's.
            UnknownVoice: there is no such voice, or its recordings cannot be used.
        """
        tag = languages.offered_tag(request.language, self.card.languages)
        code = languages.code(tag)
        conditioning = self._speakers.conditioning_for(request)
        with self._tokenizing:
            parts = self._preparer.prepare(request.text, code)
        spoken = False
        for part in parts:
            tokens = self._tokens(part, code)
            decoding = DecodingRequest(tokens, conditioning, request.speed, playback)
            for chunk in self._decode(decoding, len(part.written)):
                spoken = True
                yield chunk
        if not spoken:
            raise NoAudio("XTTS produced no audio for this sentence. Send more words.")

    def has_prepared(self, source: CloneSource) -> bool:
        """Return whether a voice is cloned and in memory."""
        return self._speakers.has_prepared(source)

    def prepare(self, source: CloneSource) -> None:
        """Clone a voice before its first request.

        Raises:
            UnknownVoice: its recordings cannot be used.
        """
        self._speakers.prepare(source)

    def warm_up(self) -> None:
        """Synthesize a word with empty conditioning: libraries initialize much on their first use.

        Raises:
            EngineError: the model failed.
        """
        import torch

        width = self._model.args.gpt_n_model_channels
        empty = SpeakerConditioning(torch.zeros(1, 32, width), torch.zeros(1, 512, 1))
        word = DecodingRequest(
            self._tokens(PreparedText("hello.", "hello."), "en"), empty, 1.0, PlaybackBuffer()
        )
        audio = self._scheduler.submit(word).audio.take_all()
        next(audio, None)
        audio.close()

    def close(self) -> None:
        """Stop the thread and free the memory, the device's too."""
        self._scheduler.close()
        del self._model, self._speakers, self._preparer, self._scheduler
        collect_garbage()
        free_device_memory()

    def _tokens(self, text: PreparedText, code: str) -> tuple[int, ...]:
        with self._tokenizing:
            encoded = self._model.tokenizer.encode(text.written.strip().lower(), lang=primary(code))
        return tuple(encoded)

    def _decode(self, request: DecodingRequest, characters: int) -> Generator[Samples]:
        stream = self._scheduler.submit(request)
        yield from stream.audio.take_all()
        if stream.truncated:
            self.truncated_sentences += 1
            _LOGGER.warning(
                "Audio truncated: XTTS did not end a sentence of %d characters within %d audio tokens",
                characters,
                stream.token_count,
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
        may_run_away=True,
        # A sentence has a row of the decoder until it ends.
        can_suspend=False,
    )


def _languages_of(folder: Path) -> tuple[str, ...]:
    try:
        codes = read_json(folder / "config.json")["languages"]
    except (OSError, ValueError, LookupError, TypeError):
        return languages.XTTS_V2
    return tuple(map(str, codes)) or languages.XTTS_V2
