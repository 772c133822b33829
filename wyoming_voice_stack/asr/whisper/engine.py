"""Whisper on CTranslate2, using faster-whisper (https://github.com/SYSTRAN/faster-whisper)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from wyoming_voice_stack.asr.engine import Speech, TimedWord, Transcription, TranscriptionRequest
from wyoming_voice_stack.asr.engine_errors import transcription_errors
from wyoming_voice_stack.asr.text.joining import join_texts
from wyoming_voice_stack.asr.text.name_correction import likely_names, with_names
from wyoming_voice_stack.asr.vad.segmenter import SpeechSegmenter
from wyoming_voice_stack.asr.vad.silero import SileroVad
from wyoming_voice_stack.asr.whisper.catalogue import model_languages
from wyoming_voice_stack.asr.whisper.decode_passes import CAREFUL, PARTIAL, DecodePass, refine
from wyoming_voice_stack.asr.whisper.full_window import decode_full_window
from wyoming_voice_stack.asr.whisper.halving import decode_in_halves, repeats_speech
from wyoming_voice_stack.asr.whisper.hints import compose_hints, with_only_names
from wyoming_voice_stack.asr.whisper.hypothesis_filter import accepted_texts, confidence_of
from wyoming_voice_stack.asr.whisper.loading import Placement, check_files, open_model
from wyoming_voice_stack.asr.whisper.window import (
    Encoded,
    Hypothesis,
    decode,
    detect_languages,
    encode,
    new_tokenizer,
    window_seconds,
)
from wyoming_voice_stack.asr.whisper.word_alignment import timed_words
from wyoming_voice_stack.engine.job_handle import Wanted, require_wanted
from wyoming_voice_stack.errors import UnknownLanguage
from wyoming_voice_stack.machine.memory import collect_garbage, trim_heap


class WhisperRecognizer:
    """A loaded Whisper model. Blocking; up to `lanes` threads may use it at the same time.

    Text is accepted only if Whisper's own figures indicate speech. The same speech and request give
    the same text, alone or in a batch.
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
        """Load a CTranslate2 model from a directory; nothing is downloaded.

        `device` is `cpu`, `cuda`, `cuda:N` or `auto`: CUDA if it works, else the CPU.
        `compute_type` is one of CTranslate2's or `auto`: float16 on CUDA, int8 on a CPU.
        `cpu_threads` limits the threads of all calls together.

        Raises:
            ModelNotFound: the directory does not exist.
            ModelCorrupt: files are missing or damaged.
            EngineError: the device or compute type is not available, or faster-whisper is missing.
        """
        check_files(directory)
        languages = model_languages(directory)
        model, placement = open_model(directory, device, compute_type, cpu_threads)
        # Loading leaves unconverted weights on the heap: 11 MB with Whisper base.
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
        """Whisper's codes of the languages that the model supports."""
        return self._languages

    @property
    def device(self) -> str:
        """Device that the model runs on: `cpu` or `cuda`."""
        return self._device

    @property
    def compute_type(self) -> str:
        """CTranslate2's compute type, such as `int8_float32`."""
        return str(self._model.model.compute_type)

    @property
    def lanes(self) -> int:
        """Number of concurrent `transcribe` calls that improves throughput."""
        return self._placement.lanes

    @property
    def express_lanes(self) -> int:
        """Number of further calls for short speech while all lanes transcribe long speech."""
        return self._placement.express_lanes

    @property
    def batch_size(self) -> int:
        """Number of speech spans per call that improves throughput."""
        return self._placement.batch_size

    def batch_group(self, seconds: float, request: TranscriptionRequest) -> int | None:
        """Return the group of a span: those of one group are faster in one call; None for no group."""
        codes = (request.language,) if request.language else request.candidate_languages
        return self._placement.batch_group(seconds, codes[0] if len(codes) == 1 else None)

    def new_segmenter(self) -> SpeechSegmenter:
        """Return a segmenter for a new stream. May be called from any thread."""
        return SpeechSegmenter(self._vad.stream())

    def transcribe(self, speeches: Sequence[Speech], wanted: Wanted) -> list[Transcription]:
        """Transcribe spans of speech. Each result is the same as if the span came alone.

        The language of a result is that of its text: English for a translation. English-only
        models always transcribe, whatever the task.

        Raises:
            UnknownLanguage: the model supports neither the language nor any of the candidates.
            Abandoned: `wanted` returned False.
            EngineError: the engine failed.
        """
        with transcription_errors("Whisper"):
            results: dict[int, Transcription] = {}
            for indices in self._batches(speeches):
                batch = [speeches[index] for index in indices]
                results |= zip(indices, self._transcribe_batch(batch, wanted), strict=True)
            return [results[index] for index in range(len(speeches))]

    def close(self) -> None:
        """Free the model's memory. The engine must not be used afterwards."""
        self._model.model.unload_model()
        self._model = None
        collect_garbage()
        trim_heap()

    def _batches(self, speeches: Sequence[Speech]) -> list[list[int]]:
        """Group indices by what a batch must share: window length, hints and decode passes."""

        def batch_key(index: int) -> tuple[int, str, bool, bool]:
            speech = speeches[index]
            hints = compose_hints(speech.request, self._model.hf_tokenizer) or ""
            seconds = self._window_seconds(speech, self._first_pass(speech))
            english = self._passes(speech) == self._placement.passes.english
            return seconds, hints, speech.request.partial, english

        ordered = sorted(range(len(speeches)), key=batch_key)
        return [list(indices) for _, indices in groupby(ordered, key=batch_key)]

    def _passes(self, speech: Speech) -> tuple[DecodePass, ...]:
        known = self._candidates(speech)
        return self._placement.passes.for_language(known[0] if len(known) == 1 else None)

    def _first_pass(self, speech: Speech) -> DecodePass:
        return PARTIAL if speech.request.partial else self._passes(speech)[0]

    def _window_seconds(self, speech: Speech, decode_pass: DecodePass) -> int:
        return window_seconds(speech.samples, self._placement.window_step_s, decode_pass.context_s)

    def _transcribe_batch(
        self, speeches: Sequence[Speech], wanted: Wanted
    ) -> Iterator[Transcription]:
        candidates = [self._candidates(speech) for speech in speeches]
        require_wanted(wanted)
        first = self._first_pass(speeches[0])
        encoded = self._encode(speeches, first)
        languages = self._detect_languages(encoded, candidates)
        require_wanted(wanted)
        hypotheses = self._decode(encoded, speeches, languages, first)
        partial = speeches[0].request.partial
        if not partial:
            self._refine(speeches, languages, hypotheses, wanted)
        for speech, language, hypothesis in zip(speeches, languages, hypotheses, strict=True):
            final = [hypothesis]
            if hypothesis.unreliable and not partial:
                final = self._decode_safely(speech, language, wanted)
            text = join_texts(accepted_texts(final), language)
            if names := likely_names(text, speech.request.known_names):
                require_wanted(wanted)
                text = with_names(text, self._with_hints(names, speech, language) or text, names)
            text_language = "en" if speech.request.task == "translate" else language
            timed = text and speech.request.word_times
            yield Transcription(
                text,
                text_language if text else speech.request.language,
                words=self._timed_words(text, speech, language, wanted) if timed else (),
                confidence=confidence_of(final),
            )

    def _encode(self, speeches: Sequence[Speech], decode_pass: DecodePass) -> Encoded:
        seconds = self._window_seconds(speeches[0], decode_pass)
        return encode(self._model, [speech.samples for speech in speeches], seconds)

    def _candidates(self, speech: Speech) -> tuple[str, ...]:
        request = speech.request
        requested = (request.language,) if request.language else request.candidate_languages
        known = tuple(code for code in requested if code in self._languages)
        if requested and not known:
            raise UnknownLanguage(
                f"The Whisper model does not support language {', '.join(requested)!r:.80};"
                " request another language or load a multilingual model."
            )
        return known or self._languages

    def _detect_languages(
        self, encoded: Encoded, candidates: Sequence[tuple[str, ...]]
    ) -> list[str]:
        if all(len(codes) == 1 for codes in candidates):
            return [codes[0] for codes in candidates]
        return detect_languages(self._model, encoded, candidates)

    def _decode(
        self,
        encoded: Encoded,
        speeches: Sequence[Speech],
        languages: Sequence[str],
        decode_pass: DecodePass,
    ) -> list[Hypothesis]:
        tokenizers = [
            new_tokenizer(self._model, language, speech.request.task)
            for speech, language in zip(speeches, languages, strict=True)
        ]
        hints = compose_hints(speeches[0].request, self._model.hf_tokenizer)
        prompts = [
            self._model.get_prompt(tokenizer, [], without_timestamps=False, hotwords=hints)
            for tokenizer in tokenizers
        ]
        beams = decode_pass.beams or self._beam_size
        return decode(self._model, encoded, prompts, tokenizers[0], beams)

    def _with_hints(self, names: tuple[str, ...], speech: Speech, language: str) -> str:
        """Decode again with a few names in the prompt; empty for partial text."""
        if speech.request.partial:
            return ""
        encoded = self._encode([speech], CAREFUL)
        hinted = with_only_names(names, speech)
        [second] = self._decode(encoded, [hinted], [language], CAREFUL)
        return join_texts(accepted_texts([second]), language)

    def _timed_words(
        self, text: str, speech: Speech, language: str, wanted: Wanted
    ) -> tuple[TimedWord, ...]:
        require_wanted(wanted)
        encoded = self._encode([speech], CAREFUL)
        tokenizer = new_tokenizer(self._model, language, speech.request.task)
        return timed_words(self._model, encoded, speech.samples, text, tokenizer)

    def _refine(
        self,
        speeches: Sequence[Speech],
        languages: Sequence[str],
        hypotheses: list[Hypothesis],
        wanted: Wanted,
    ) -> None:
        """Replace hypotheses that are not sure by those of further passes."""

        def window(index: int, decode_pass: DecodePass) -> int:
            return self._window_seconds(speeches[index], decode_pass)

        def decode_some(indices: Sequence[int], decode_pass: DecodePass) -> list[Hypothesis]:
            require_wanted(wanted)
            some = [speeches[index] for index in indices]
            spoken = [languages[index] for index in indices]
            return self._decode(self._encode(some, decode_pass), some, spoken, decode_pass)

        refine(hypotheses, self._passes(speeches[0]), window, decode_some)

    def _decode_safely(self, speech: Speech, language: str, wanted: Wanted) -> list[Hypothesis]:
        """Decode the full window; if that text repeats itself, the speech is decoded in parts."""
        require_wanted(wanted)
        found = decode_full_window(self._model, speech, language, self._beam_size)
        if not repeats_speech(found):
            return found

        def decode_one(part: Speech) -> Hypothesis:
            require_wanted(wanted)
            [one] = self._decode(self._encode([part], CAREFUL), [part], [language], CAREFUL)
            return one

        return decode_in_halves(speech, decode_one)
