"""XTTS v2: studio speakers and cloned voices in up to 17 languages."""

from __future__ import annotations

import gc
import json
import logging
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any

from wyoming_voice_stack.errors import ModelCorrupt, ModelNotFound
from wyoming_voice_stack.tts.coqui_compat import importing
from wyoming_voice_stack.tts.engine import EngineCard, Samples, SynthesisRequest, Voice
from wyoming_voice_stack.tts.placing import device_of, place
from wyoming_voice_stack.tts.samples import as_samples
from wyoming_voice_stack.tts.xtts import languages, limits
from wyoming_voice_stack.tts.xtts.turn import Ending, Turn
from wyoming_voice_stack.tts.xtts.voices import Likeness, Voices, studio_names
from wyoming_voice_stack.tts.xtts.wording import Reader, Wording

_LOGGER = logging.getLogger(__name__)

STREAM_CHUNK_TOKENS = 20
"""Audio tokens between two pieces of sound: 0.93 s of it."""

_FILES = ("config.json", "model.pth", "vocab.json")
_SPEAKERS_FILE = "speakers_xtts.pth"
_SAMPLING = ("temperature", "length_penalty", "repetition_penalty", "top_k", "top_p")
_CLONING = {
    "max_ref_length": "max_ref_len",
    "gpt_cond_len": "gpt_cond_len",
    "gpt_cond_chunk_len": "gpt_cond_chunk_len",
    "sound_norm_refs": "sound_norm_refs",
}


class XttsSource:
    """An XTTS checkpoint: a folder with `config.json`, `model.pth`, `vocab.json`.

    `find` gives that folder when it is already there, `locate` fetches it first where needed.
    `device` is `auto`, or torch's name for where the model runs; `threads` bounds its threads on a CPU.
    """

    def __init__(
        self,
        reference: str,
        *,
        find: Callable[[], Path | None],
        locate: Callable[[], Path],
        device: str = "auto",
        threads: int | None = None,
    ) -> None:
        self._reference = reference
        self._find = find
        self._locate = locate
        self._device = device
        self._threads = threads

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
            EngineError: coqui-tts is not installed, or the device does not work.
        """
        folder = self._locate()
        missing = [name for name in _FILES if not (folder / name).is_file()]
        if missing:
            raise ModelNotFound(
                f"No XTTS model is in {folder}: {', '.join(missing)} missing. Fetch the model"
                " again, or name the folder that holds it."
            )
        model = _load_model(folder, self._device, self._threads)
        synthesizer = XttsSynthesizer(model, _languages_of(folder))
        synthesizer.warm_up()
        return synthesizer


class XttsSynthesizer:
    """A loaded XTTS. Requests may take turns between two pieces of sound, never run at once.

    A sentence that is too long for the model is said in parts. Should the model still not have
    come to its end after its 602 tokens (27.9 s), the sound stops there: what was heard cannot
    be taken back, and an error would lose the sentences that follow. `cut_sentences` counts
    these, and a warning is logged.
    """

    def __init__(self, model: Any, codes: Iterable[str]) -> None:
        config, gpt = model.config, model.gpt
        self._model = model
        self._sampling = {name: config[name] for name in _SAMPLING}
        self._stop_token = gpt.stop_audio_token
        self._reader = Reader(model.tokenizer, max_text_tokens=model.args.gpt_max_text_tokens - 1)
        studio = model.speaker_manager.speakers if model.speaker_manager is not None else {}
        cloning = {argument: config[name] for argument, name in _CLONING.items()}
        self._voices = Voices(
            studio, lambda paths: model.get_conditioning_latents(paths, **cloning)
        )
        self._card = _card(codes, self._voices.names)
        self.cut_sentences = 0

    @property
    def card(self) -> EngineCard:
        """Every studio speaker is a voice of all languages; recordings are cloned."""
        return self._card

    @property
    def device(self) -> str:
        """Torch's name for where the model runs."""
        return device_of(self._model)

    @property
    def sample_rate(self) -> int:
        """24 kHz for XTTS v2."""
        return int(self._model.config.audio.output_sample_rate)

    def synthesize(self, request: SynthesisRequest) -> Generator[Samples]:
        """Yield about a second of sound at a time.

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
        for wording in self._reader.read(request.text, code):
            yield from self._say(wording, code, likeness, request.speed)

    def warm_up(self) -> None:
        """Say a fraction of a word with any voice: libraries load much on their first use."""
        name = next(iter(self._voices.names), None)
        if name is None:
            return
        likeness = self._voices.of(SynthesisRequest("", "en", voice=name))
        sound = self._say(Wording("hello.", "hello."), "en", likeness, 1.0, chunk_tokens=1)
        next(sound)
        sound.close()

    def close(self) -> None:
        """Give the memory back, the device's too."""
        import torch

        del self._model, self._voices, self._reader
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _say(
        self,
        wording: Wording,
        code: str,
        likeness: Likeness,
        speed: float,
        chunk_tokens: int = STREAM_CHUNK_TOKENS,
    ) -> Generator[Samples]:
        ending = Ending()
        stream = self._model.inference_stream(
            wording.written,
            code,
            likeness.gpt_cond_latent,
            likeness.speaker_embedding,
            stream_chunk_size=chunk_tokens,
            speed=speed,
            stopping_criteria=[ending],
            **self._sampling,
        )
        turn = Turn(self._model)
        try:
            while (piece := turn.resume(stream)) is not None:
                yield as_samples(piece.cpu().numpy())
        finally:
            stream.close()
        if not ending.reached(self._stop_token):
            self.cut_sentences += 1
            _LOGGER.warning(
                "The voice was cut off: XTTS did not end a sentence of %d characters after its"
                " %d audio tokens",
                len(wording.written),
                ending.tokens,
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
    )


def _languages_of(folder: Path) -> tuple[str, ...]:
    try:
        codes = json.loads((folder / "config.json").read_bytes())["languages"]
    except (OSError, ValueError, LookupError, TypeError):
        return languages.XTTS_V2
    return tuple(map(str, codes)) or languages.XTTS_V2


def _load_model(folder: Path, device: str, threads: int | None) -> Any:
    with importing():
        import torch
        from TTS.tts.configs.xtts_config import XttsConfig
        from TTS.tts.models.xtts import Xtts

    if threads:
        torch.set_num_threads(threads)
    try:
        config = XttsConfig()
        config.load_json(str(folder / "config.json"))
        model = Xtts(config)
        model.load_checkpoint(config, checkpoint_dir=str(folder), eval=True)
    except Exception as error:
        # coqui-tts rewrites a checkpoint of the first form in place when it first reads it.
        raise ModelCorrupt(
            f"The XTTS model in {folder} cannot be read ({type(error).__name__}: {error}). Delete"
            " the folder and fetch the model again; if it is a checkpoint of 2023, let the folder"
            " be writable for once."
        ) from error
    return place(model, device)
