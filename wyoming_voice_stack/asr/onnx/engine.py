"""Recognizers in ONNX files, using onnx-asr (https://github.com/istupakov/onnx-asr)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from wyoming_voice_stack.asr.engine import (
    SAMPLE_RATE,
    Samples,
    Speech,
    Transcription,
    TranscriptionRequest,
)
from wyoming_voice_stack.asr.engine_errors import transcription_errors
from wyoming_voice_stack.asr.onnx.decoded_speech import DecodedSpeech
from wyoming_voice_stack.asr.onnx.loading import OnnxModel, check_folder, open_onnx_model
from wyoming_voice_stack.asr.text.joining import join_texts
from wyoming_voice_stack.asr.text.name_correction import likely_names, with_names
from wyoming_voice_stack.asr.vad.segmenter import CERTAIN_SPEECH_STARTS, SpeechSegmenter
from wyoming_voice_stack.asr.vad.silero import SileroVad
from wyoming_voice_stack.engine.job_handle import Wanted, require_wanted
from wyoming_voice_stack.errors import (
    EngineError,
    RequestError,
    UnknownLanguage,
)
from wyoming_voice_stack.machine.memory import collect_garbage, trim_heap

MAX_SPAN_S = 20.0
"""Longer speech is split at its pauses: GigaAM and Canary were trained with at most 25 to 40 s, and the
encoder's memory grows with the square of the length."""
EXPRESS_LANES = 1
"""Further calls for short speech: a command does not wait for 20 s of a recording."""


class OnnxRecognizer:
    """A loaded model. Blocking; any number of threads may use it at the same time.

    Text is accepted only if the model's own figures support it. The same speech and request give the
    same text, alone or together with others.
    """

    def __init__(self, model: OnnxModel, *, languages: tuple[str, ...], vad: SileroVad) -> None:
        self._model: OnnxModel | None = model
        self._languages = languages
        self._vad = vad

    @classmethod
    def load(
        cls, folder: Path, *, languages: tuple[str, ...], threads: int, vad: SileroVad
    ) -> OnnxRecognizer:
        """Load a model from a folder; nothing is downloaded. `threads` is for each call.

        Raises:
            ModelNotFound: the folder does not exist.
            ModelCorrupt: files are missing or damaged.
            EngineError: onnx-asr is not installed, or the memory does not suffice.
        """
        layout = check_folder(folder)
        model = open_onnx_model(folder, layout, threads)
        # Reading the files leaves as much on the heap as they have.
        trim_heap()
        return cls(model, languages=languages, vad=vad)

    @property
    def languages(self) -> tuple[str, ...]:
        """Whisper's codes of the languages that the model supports."""
        return self._languages

    @property
    def device(self) -> str:
        """Device that the model runs on: always the CPU."""
        return "cpu"

    @property
    def lanes(self) -> int:
        """Number of concurrent `transcribe` calls that improves throughput: each uses all threads."""
        return 1

    @property
    def express_lanes(self) -> int:
        """Number of further calls for short speech while all lanes transcribe long speech."""
        return EXPRESS_LANES

    @property
    def batch_size(self) -> int:
        """Number of speech spans per call: padding one to another's length would change its text."""
        return 1

    def batch_group(self, seconds: float, request: TranscriptionRequest) -> int | None:
        """Return no group: spans are transcribed one by one."""
        del seconds, request
        return None

    def new_segmenter(self) -> SpeechSegmenter:
        """Return a segmenter for a new stream. May be called from any thread."""
        return SpeechSegmenter(self._vad.stream(), MAX_SPAN_S, speech_starts=CERTAIN_SPEECH_STARTS)

    def transcribe(
        self, speeches: Sequence[Speech], wanted: Wanted
    ) -> Iterator[tuple[int, Transcription]]:
        """Transcribe spans of speech; return each result with its number, as soon as it is there.

        Each is the same as if the span came alone.

        The language of a result is the one that was requested, or the only one that is possible;
        else it is None, because these models do not tell which language they recognized.

        Raises:
            UnknownLanguage: the model supports neither the language nor any of the candidates, or needs
                one and there are several.
            RequestError: the model does not translate.
            Abandoned: `wanted` returned False.
            EngineError: the engine failed.
        """
        with transcription_errors("The model"):
            for number, speech in enumerate(speeches):
                yield number, self._transcribe_one(speech, wanted)

    def close(self) -> None:
        """Free the model's memory. The engine must not be used afterwards."""
        self._model = None
        collect_garbage()
        trim_heap()

    def _transcribe_one(self, speech: Speech, wanted: Wanted) -> Transcription:
        request = speech.request
        language = self._language(request)
        require_wanted(wanted)
        decoded = self._decode(speech.samples, language, request)
        seconds = len(speech.samples) / SAMPLE_RATE
        text = join_texts([decoded.accepted_text(seconds)], language)
        if names := likely_names(text, request.known_names):
            # No model of onnx-asr takes names, so there is no second text to take them from: only words
            # that sound almost like a name become that name.
            text = with_names(text, text, names)
        if request.task == "translate":
            language = "en"
        return Transcription(
            text,
            language if text else request.language,
            words=decoded.timed_words(text, seconds) if text and request.word_times else (),
            confidence=decoded.confidence,
        )

    def _decode(
        self, samples: Samples, language: str | None, request: TranscriptionRequest
    ) -> DecodedSpeech:
        if self._model is None:
            raise EngineError("The model is unloaded; try again.")
        to_english = request.task == "translate"
        if to_english and not self._model.translates:
            raise RequestError(
                "This model does not translate; request a transcription, or set ASR_MODEL to a"
                " multilingual Whisper model such as small."
            )
        if language is None and self._model.needs_language:
            raise UnknownLanguage(
                "This model cannot detect the language; request one, or set ASR_LANGUAGE."
            )
        return self._model.decode(samples, language, to_english=to_english)

    def _language(self, request: TranscriptionRequest) -> str | None:
        """Return the language that is requested or the only one possible, None if there are several."""
        requested = (request.language,) if request.language else request.candidate_languages
        known = tuple(code for code in requested if code in self._languages)
        if requested and not known:
            raise UnknownLanguage(
                f"The model does not support language {', '.join(requested)!r:.80}; request another"
                " language or load a model that supports it."
            )
        possible = known or self._languages
        return possible[0] if len(possible) == 1 else None
