"""Whisper on CTranslate2, using faster-whisper (https://github.com/SYSTRAN/faster-whisper)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from wyoming_voice_stack.asr.engine import Speech, Transcription, TranscriptionRequest
from wyoming_voice_stack.asr.engine_errors import transcription_errors
from wyoming_voice_stack.asr.vad.segmenter import SpeechSegmenter
from wyoming_voice_stack.asr.vad.silero import SileroVad
from wyoming_voice_stack.asr.whisper.batch_transcriber import BatchTranscriber
from wyoming_voice_stack.asr.whisper.catalogue import model_languages
from wyoming_voice_stack.asr.whisper.loading import check_files, open_model
from wyoming_voice_stack.asr.whisper.placement import Placement
from wyoming_voice_stack.engine.job_handle import Wanted
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

    def transcribe(
        self, speeches: Sequence[Speech], wanted: Wanted
    ) -> Iterator[tuple[int, Transcription]]:
        """Transcribe spans of speech; return each result with its number, as soon as it is there.

        Each is the same as if the span came alone. Spans that need no second pass come first.

        The language of a result is that of its text: English for a translation. English-only
        models always transcribe, whatever the task.

        Raises:
            UnknownLanguage: the model supports neither the language nor any of the candidates.
            Abandoned: `wanted` returned False.
            EngineError: the engine failed.
        """
        transcriber = BatchTranscriber(
            self._model, self._languages, self._beam_size, self._placement
        )
        with transcription_errors("Whisper"):
            yield from transcriber.transcribe(speeches, wanted)

    def close(self) -> None:
        """Free the model's memory. The engine must not be used afterwards."""
        self._model.model.unload_model()
        self._model = None
        collect_garbage()
        trim_heap()
