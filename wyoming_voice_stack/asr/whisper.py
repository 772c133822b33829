"""Whisper on CTranslate2, by way of faster-whisper (https://github.com/SYSTRAN/faster-whisper)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from wyoming_voice_stack.asr.catalogue import model_languages
from wyoming_voice_stack.asr.endpoint import SileroVad, speech_spans
from wyoming_voice_stack.asr.engine import (
    SAMPLE_RATE,
    Samples,
    Transcription,
    TranscriptionRequest,
)
from wyoming_voice_stack.asr.hints import MAX_HINT_TOKENS, compose_hints
from wyoming_voice_stack.asr.loading import check_files, open_model
from wyoming_voice_stack.errors import EngineError, UnknownLanguage
from wyoming_voice_stack.memory import return_freed_memory

TEMPERATURES = (0.0, 0.4, 0.8)
"""The first one searches with beams; when it ends in a loop, the others sample."""

MAX_COMPRESSION_RATIO = 2.4
"""Text that zlib shrinks further than this repeats itself. Whisper is caught in a loop if it also
wrote to the limit or doubts that anybody speaks; else somebody did say so."""
MIN_LOG_PROBABILITY = -1.3
"""Mean over a window's tokens. Spoken words reach -1.2, text made from noise is at -1.1 to -2."""
MAX_NO_SPEECH_PROBABILITY = 0.6
"""Above, a text stands only if its mean log-probability is above `SURE_LOG_PROBABILITY`."""
SURE_LOG_PROBABILITY = -0.5

DETECTION_CONTEXT_S = 8
"""Silence after the speech when its language is detected: as right as 30 s at a fifth of the cost."""

WINDOW_S = 30
MAX_SPAN_S = 29
"""Longer speech is cut in its pauses: a sentence that lies across two windows can get lost."""
LEAD_IN_MS = 200
"""Silence before a recording that begins with speech; without, the first word can get lost."""
MAX_WINDOW_TOKENS = 448
"""Prompt and text of one window together; a property of all Whisper models."""
TOKENS_PER_SECOND = 25
MIN_TEXT_TOKENS = 32
"""A text has at most this many tokens and `TOKENS_PER_SECOND`, so that a loop ends early."""

UNSPACED_LANGUAGES = frozenset({"bo", "ja", "km", "lo", "my", "th", "yue", "zh"})
"""Languages that are written without blanks between words."""

_CONTROL_TOKENS = 8
_FRAMES_PER_SECOND = 100
_SEED = 0


class WhisperRecognizer:
    """A loaded Whisper model. Plain and blocking; one thread owns it.

    Speech is found by voice activity detection first: where nobody speaks, the text is empty and
    Whisper is not asked. What Whisper writes is kept only if its own figures say that it heard
    speech. The same samples and the same request give the same text.
    """

    def __init__(
        self, model: Any, *, languages: tuple[str, ...], beam_size: int, vad: SileroVad
    ) -> None:
        self._model = model
        self._languages = languages
        self._beam_size = beam_size
        self._vad = vad

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
        `cpu_threads` 0 stands for one a core, `MAX_AUTO_THREADS` at most.

        Raises:
            ModelNotFound: there is no such directory.
            ModelCorrupt: files are missing or damaged.
            EngineError: the device or compute type cannot be had, or faster-whisper is missing.
        """
        check_files(directory)
        languages = model_languages(directory)
        model = open_model(directory, device, compute_type, cpu_threads)
        return cls(model, languages=languages, beam_size=beam_size, vad=vad)

    @property
    def languages(self) -> tuple[str, ...]:
        """Whisper's codes for all languages that the model hears."""
        return self._languages

    @property
    def device(self) -> str:
        """Where the model runs: `cpu` or `cuda`."""
        return str(self._model.model.device)

    @property
    def compute_type(self) -> str:
        """What CTranslate2 computes in, such as `int8_float32`."""
        return str(self._model.model.compute_type)

    def transcribe(self, samples: Samples, request: TranscriptionRequest) -> Transcription:
        """Transcribe a whole utterance of any length.

        The language of the result is that of the text: English for a translation. An
        English-only model transcribes, whatever the task.

        Raises:
            UnknownLanguage: the model does not hear the language, or none of the candidates.
            EngineError: the engine failed.
        """
        candidates = self._candidates(request)
        with _as_engine_error():
            pieces = _speech_pieces(samples, self._vad)
            if not pieces:
                return Transcription("", request.language)
            language = (
                candidates[0] if len(candidates) == 1 else self._detect(pieces[0], candidates)
            )
            parts = [part for piece in pieces for part in self._write(piece, language, request)]
        if request.task == "translate":
            language = "en"
        text = _join(parts, language)
        return Transcription(text, language if text else request.language)

    def close(self) -> None:
        """Give the model's memory back. The engine is not used again."""
        self._model.model.unload_model()
        self._model = None
        return_freed_memory()

    def _candidates(self, request: TranscriptionRequest) -> tuple[str, ...]:
        wanted = (request.language,) if request.language else request.candidate_languages
        heard = tuple(code for code in wanted if code in self._languages)
        if wanted and not heard:
            raise UnknownLanguage(
                f"This Whisper model does not hear {', '.join(wanted)!r:.80};"
                " ask for another language or load a multilingual model."
            )
        return heard or self._languages

    def _detect(self, speech: Samples, candidates: Sequence[str]) -> str:
        from faster_whisper.audio import pad_or_trim

        frames = _FRAMES_PER_SECOND * min(
            WINDOW_S, len(speech) // SAMPLE_RATE + DETECTION_CONTEXT_S
        )
        features = self._model.feature_extractor(speech[: WINDOW_S * SAMPLE_RATE])
        encoded = self._model.encode(pad_or_trim(features, frames))
        # The most probable language comes first.
        ranking = (token[2:-2] for token, _ in self._model.model.detect_language(encoded)[0])
        return next((code for code in ranking if code in candidates), candidates[0])

    def _write(self, speech: Samples, language: str, request: TranscriptionRequest) -> list[str]:
        import ctranslate2

        max_tokens = _max_text_tokens(len(speech) / SAMPLE_RATE)
        ctranslate2.set_random_seed(_SEED)
        segments, _ = self._model.transcribe(
            speech,
            language=language,
            task=request.task,
            beam_size=self._beam_size,
            temperature=TEMPERATURES,
            compression_ratio_threshold=MAX_COMPRESSION_RATIO,
            # Sampling again because of these two made no text better; `_heard` judges by them.
            log_prob_threshold=None,
            no_speech_threshold=None,
            condition_on_previous_text=False,
            # As hot words, hints and prompt reach every window; a prompt reaches the first alone.
            hotwords=compose_hints(request, self._model.hf_tokenizer),
            max_new_tokens=max_tokens,
        )
        return _heard(list(segments), max_tokens)


@contextmanager
def _as_engine_error() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise EngineError(
            f"Whisper failed on this utterance ({type(error).__name__}); try again."
        ) from error


def _speech_pieces(samples: Samples, vad: SileroVad) -> list[Samples]:
    spans = speech_spans(samples, vad, MAX_SPAN_S)
    pieces = [samples[span.start : span.stop] for span in spans]
    if spans and spans[0].start == 0:
        pieces[0] = np.pad(pieces[0], (LEAD_IN_MS * SAMPLE_RATE // 1000, 0))
    return pieces


def _max_text_tokens(seconds: float) -> int:
    room = MAX_WINDOW_TOKENS - MAX_HINT_TOKENS - _CONTROL_TOKENS
    return min(room, MIN_TEXT_TOKENS + int(TOKENS_PER_SECOND * min(seconds, WINDOW_S)))


def _heard(segments: list[Any], max_tokens: int) -> list[str]:
    """The texts of those segments that Whisper did hear, by its own figures."""
    endless = sum(len(segment.tokens) for segment in segments) >= max_tokens
    return [
        segment.text
        for segment in segments
        if segment.avg_logprob >= MIN_LOG_PROBABILITY
        and not (_repeats_itself(segment) and (endless or _is_doubtful(segment)))
        and not (_is_doubtful(segment) and segment.avg_logprob <= SURE_LOG_PROBABILITY)
    ]


def _is_doubtful(segment: Any) -> bool:
    return bool(segment.no_speech_prob > MAX_NO_SPEECH_PROBABILITY)


def _repeats_itself(segment: Any) -> bool:
    return bool(segment.compression_ratio > MAX_COMPRESSION_RATIO)


def _join(parts: Sequence[str], language: str) -> str:
    separator = "" if language in UNSPACED_LANGUAGES else " "
    # A text that was cut within a character ends in a replacement character.
    text = " ".join(separator.join(parts).replace("\ufffd", "").split())
    return text if any(character.isalnum() for character in text) else ""
