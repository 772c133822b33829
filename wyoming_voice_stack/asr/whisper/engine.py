"""Whisper on CTranslate2, by way of faster-whisper (https://github.com/SYSTRAN/faster-whisper)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

from wyoming_voice_stack.asr.engine import Speech, Transcription
from wyoming_voice_stack.asr.text.joining import join_texts
from wyoming_voice_stack.asr.text.name_correction import likely_names, with_names
from wyoming_voice_stack.asr.vad.segmenter import SpeechSegmenter
from wyoming_voice_stack.asr.vad.silero import SileroVad
from wyoming_voice_stack.asr.whisper.catalogue import model_languages
from wyoming_voice_stack.asr.whisper.full_window import write_full_window
from wyoming_voice_stack.asr.whisper.hints import compose_hints, known_names, told_of
from wyoming_voice_stack.asr.whisper.hypothesis_filter import heard
from wyoming_voice_stack.asr.whisper.loading import Placement, check_files, open_model
from wyoming_voice_stack.asr.whisper.passes import CAREFUL, PARTIAL, DecodePass
from wyoming_voice_stack.asr.whisper.window import (
    Encoded,
    Hypothesis,
    detect,
    encode,
    window_seconds,
    write,
)
from wyoming_voice_stack.engine.job_handle import Wanted
from wyoming_voice_stack.errors import Abandoned, EngineError, UnknownLanguage, VoiceStackError
from wyoming_voice_stack.machine.memory import collect_garbage, trim_heap


class WhisperRecognizer:
    """A loaded Whisper model. Plain and blocking.

    What Whisper writes is kept only if its own figures say that it heard speech. The same speech
    and the same request give the same text, alone or along with others.
    """

    def __init__(
        self,
        model: Any,
        *,
        languages: tuple[str, ...],
        beam_size: int,
        vad: SileroVad,
        placement: Placement,
    ) -> None:
        self._model = model
        self._device = str(model.model.device)
        self._languages = languages
        self._beam_size = beam_size
        self._vad = vad
        self._placement = placement

    @classmethod
    def load(
        cls,
        directory: Path,
        *,
        device: str,
        compute_type: str,
        cpu_threads: int,
        beam_size: int,
        vad: SileroVad,
    ) -> WhisperRecognizer:
        """Load a CTranslate2 model; nothing is fetched.

        `device` is `cpu`, `cuda`, `cuda:N` or `auto`, which takes the first CUDA device that
        works. `compute_type` is one of CTranslate2's or `auto`: float16 on CUDA, int8 on a CPU.
        `cpu_threads` bounds the threads of all calls together.

        Raises:
            ModelNotFound: there is no such directory.
            ModelCorrupt: files are missing or damaged.
            EngineError: the device or compute type cannot be had, or faster-whisper is missing.
        """
        check_files(directory)
        languages = model_languages(directory)
        model, placement = open_model(directory, device, compute_type, cpu_threads)
        # What the weights were converted from: 11 MB with Whisper base.
        trim_heap()
        return cls(
            model,
            languages=languages,
            beam_size=beam_size,
            vad=vad,
            placement=placement,
        )

    @property
    def languages(self) -> tuple[str, ...]:
        """Whisper's codes for all languages that the model hears."""
        return self._languages

    @property
    def device(self) -> str:
        """Where the model runs: `cpu` or `cuda`."""
        return self._device

    @property
    def compute_type(self) -> str:
        """What CTranslate2 computes in, such as `int8_float32`."""
        return str(self._model.model.compute_type)

    @property
    def lanes(self) -> int:
        """Calls of `transcribe` that gain from running at the same time."""
        return self._placement.lanes

    @property
    def batch_size(self) -> int:
        """Stretches of speech that one call takes with gain."""
        return self._placement.batch_size

    def new_segmenter(self) -> SpeechSegmenter:
        """Return a segmenter for a new stream. May be called from any thread."""
        return SpeechSegmenter(self._vad.stream())

    def transcribe(self, speeches: Sequence[Speech], wanted: Wanted) -> list[Transcription]:
        """Transcribe stretches of speech, each as it would be alone.

        The language of the result is that of the text: English for a translation. An
        English-only model transcribes, whatever the task.

        Raises:
            UnknownLanguage: the model does not hear the language, or none of the candidates.
            Abandoned: `wanted` became false.
            EngineError: the engine failed.
        """
        with _as_engine_error():
            found: dict[int, Transcription] = {}
            for numbers in self._alike(speeches):
                together = [speeches[number] for number in numbers]
                found |= zip(numbers, self._transcribe_alike(together, wanted), strict=True)
            return [found[number] for number in range(len(speeches))]

    def close(self) -> None:
        """Give the model's memory back. The engine is not used again."""
        self._model.model.unload_model()
        self._model = None
        collect_garbage()
        trim_heap()

    def _alike(self, speeches: Sequence[Speech]) -> list[list[int]]:
        """Numbers of those that fit into one batch: windows, hints and looks are the same."""

        def likeness(number: int) -> tuple[int, str, bool, int]:
            speech = speeches[number]
            hints = compose_hints(speech.request, self._model.hf_tokenizer) or ""
            look = self._first_look(speech)
            seconds = self._window_seconds(speech, look)
            return seconds, hints, speech.request.partial, look.context_s

        ordered = sorted(range(len(speeches)), key=likeness)
        return [list(numbers) for _, numbers in groupby(ordered, key=likeness)]

    def _looks(self, speech: Speech) -> tuple[DecodePass, ...]:
        known = self._candidates(speech)
        return self._placement.looks.at(known[0] if len(known) == 1 else None)

    def _first_look(self, speech: Speech) -> DecodePass:
        return PARTIAL if speech.request.partial else self._looks(speech)[0]

    def _window_seconds(self, speech: Speech, look: DecodePass) -> int:
        return window_seconds(speech.samples, self._placement.window_step_s, look.context_s)

    def _transcribe_alike(
        self, speeches: Sequence[Speech], wanted: Wanted
    ) -> Iterator[Transcription]:
        candidates = [self._candidates(speech) for speech in speeches]
        _check(wanted)
        look = self._first_look(speeches[0])
        encoded = self._encode(speeches, look)
        languages = self._detect(encoded, candidates)
        _check(wanted)
        hypotheses = self._write(encoded, speeches, languages, look)
        for speech, language, hypothesis in zip(speeches, languages, hypotheses, strict=True):
            kept = [hypothesis]
            if not speech.request.partial:
                kept = self._look_again(speech, language, hypothesis, wanted)
            text = join_texts(heard(kept), language)
            if names := likely_names(text, known_names(speech.request)):
                _check(wanted)
                text = with_names(text, self._told(names, speech, language) or text, names)
            written_in = "en" if speech.request.task == "translate" else language
            yield Transcription(text, written_in if text else speech.request.language)

    def _encode(self, speeches: Sequence[Speech], look: DecodePass) -> Encoded:
        seconds = self._window_seconds(speeches[0], look)
        return encode(self._model, [speech.samples for speech in speeches], seconds)

    def _candidates(self, speech: Speech) -> tuple[str, ...]:
        request = speech.request
        wanted = (request.language,) if request.language else request.candidate_languages
        known = tuple(code for code in wanted if code in self._languages)
        if wanted and not known:
            raise UnknownLanguage(
                f"This Whisper model does not hear {', '.join(wanted)!r:.80};"
                " ask for another language or load a multilingual model."
            )
        return known or self._languages

    def _detect(self, encoded: Encoded, candidates: Sequence[tuple[str, ...]]) -> list[str]:
        if all(len(codes) == 1 for codes in candidates):
            return [codes[0] for codes in candidates]
        return detect(self._model, encoded, candidates)

    def _write(
        self,
        encoded: Encoded,
        speeches: Sequence[Speech],
        languages: Sequence[str],
        look: DecodePass,
    ) -> list[Hypothesis]:
        tokenizers = [
            self._tokenizer(language, speech.request.task)
            for speech, language in zip(speeches, languages, strict=True)
        ]
        hints = compose_hints(speeches[0].request, self._model.hf_tokenizer)
        prompts = [
            self._model.get_prompt(tokenizer, [], without_timestamps=False, hotwords=hints)
            for tokenizer in tokenizers
        ]
        beams = look.beams or self._beam_size
        return write(self._model, encoded, prompts, tokenizers[0], beams)

    def _told(self, names: tuple[str, ...], speech: Speech, language: str) -> str:
        """Write what is said once more, told of a few names; nothing for a draft."""
        if speech.request.partial:
            return ""
        encoded = self._encode([speech], CAREFUL)
        [second] = self._write(encoded, [told_of(names, speech)], [language], CAREFUL)
        return join_texts(heard([second]), language)

    def _tokenizer(self, language: str, task: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        return Tokenizer(
            self._model.hf_tokenizer, self._model.model.is_multilingual, task, language
        )

    def _look_again(
        self, speech: Speech, language: str, hypothesis: Hypothesis, wanted: Wanted
    ) -> list[Hypothesis]:
        """Look more closely at what is not sure, and take the full window for what is spoilt."""
        for last, look in pairwise(self._looks(speech)):
            if hypothesis.spoilt or last.is_sure(hypothesis):
                break
            longer = self._window_seconds(speech, look) > self._window_seconds(speech, last)
            if look.beams == last.beams and not longer:
                continue
            _check(wanted)
            [hypothesis] = self._write(self._encode([speech], look), [speech], [language], look)
        if hypothesis.spoilt:
            _check(wanted)
            return write_full_window(self._model, speech, language, self._beam_size)
        return [hypothesis]


def _check(wanted: Wanted) -> None:
    if not wanted():
        raise Abandoned("Nobody waits for this text any more.")


@contextmanager
def _as_engine_error() -> Iterator[None]:
    try:
        yield
    except VoiceStackError:
        raise
    except Exception as error:
        raise EngineError(
            f"Whisper failed on this utterance ({type(error).__name__}); try again."
        ) from error
