"""The contract of a speech-to-text engine, and the data that goes to and from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from wyoming_voice_stack.engine.job_handle import Wanted

SAMPLE_RATE = 16_000
"""All engines take 16 kHz mono."""

Samples: TypeAlias = npt.NDArray[np.float32]
"""Mono samples in -1..1 at `SAMPLE_RATE`, shape [samples]."""

Task: TypeAlias = Literal["transcribe", "translate"]


@dataclass(frozen=True)
class TranscriptionRequest:
    """How to transcribe one utterance."""

    language: str | None = None
    """Whisper's code; None lets the engine detect one of `candidate_languages`."""
    candidate_languages: tuple[str, ...] = ()
    """Languages to choose from when detecting; empty means all."""
    task: Task = "transcribe"
    initial_prompt: str | None = None
    names: tuple[str, ...] = ()
    """Names that are likely to be spoken, the most important first."""
    terms: tuple[str, ...] = ()
    """Domain terms that are likely to be spoken; `names` take precedence."""
    household_names: tuple[str, ...] = ()
    """Names of the household's areas and entities; few of them occur in one utterance."""
    partial: bool = False
    """Favour speed over accuracy: the text is shown while the user is still speaking."""
    word_times: bool = False
    """Find out when each word was spoken, which can take a further pass of the encoder."""

    @property
    def known_names(self) -> tuple[str, ...]:
        """All names and terms that a text is compared with, including the household's."""
        return (*self.names, *self.terms, *self.household_names)


@dataclass(frozen=True)
class Speech:
    """A span of speech, and how to transcribe it."""

    samples: Samples
    request: TranscriptionRequest


class TimedWord(NamedTuple):
    """A word with its punctuation, and when it was spoken, in seconds."""

    text: str
    start_s: float
    end_s: float


class Confidence(NamedTuple):
    """The model's own figures for a text."""

    avg_logprob: float
    """Mean of its tokens; 0 if the model does not tell."""
    no_speech_prob: float
    """0 for models other than Whisper."""
    compression_ratio: float


@dataclass(frozen=True)
class Transcription:
    """Transcribed text; empty if there was no speech."""

    text: str
    language: str | None
    words: tuple[TimedWord, ...] = ()
    """With times from the start of the samples, if the request asked for them."""
    confidence: Confidence | None = field(default=None, compare=False)
    """None if there was no speech."""


class SpeechSpan(NamedTuple):
    """Start and end of speech, in samples from the start of the audio."""

    start: int
    stop: int


class Segmenter(Protocol):
    """Finds the speech in one audio stream. Runs on the event loop, so calls must be short."""

    def push(self, samples: Samples) -> None:
        """Process the next samples; the chunk size does not affect the result."""
        ...

    def finish(self) -> None:
        """Process the remaining samples as if silence followed. Call it once, after the last push."""
        ...

    @property
    def spans(self) -> tuple[SpeechSpan, ...]:
        """Speech so far; long speech is split at its pauses. All spans but the last are final."""
        ...

    @property
    def paused(self) -> bool:
        """True when speech was followed by a pause: the last span is final unless speech resumes."""
        ...

    @property
    def needed_from(self) -> int:
        """First sample that the last span, or a later one, can contain; what is before is final."""
        ...

    @property
    def silence_ms(self) -> int:
        """Time since the last speech, or since the start if there was none."""
        ...


class ModelFamily(NamedTuple):
    """What clients are shown of the origin of a model."""

    name: str
    """Such as `Whisper`."""
    authors: str
    """Those of the model and of the library that runs it."""
    url: str


WHISPER = ModelFamily("Whisper", "OpenAI, SYSTRAN", "https://github.com/SYSTRAN/faster-whisper")


class RecognizerSource(Protocol):
    """A model that is not loaded yet. Its files may not be downloaded yet."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Whisper's codes of the languages that the model supports."""
        ...

    @property
    def translates(self) -> bool:
        """True if the model was trained to translate to English."""
        ...

    @property
    def family(self) -> ModelFamily:
        """Where the model comes from."""
        ...

    @property
    def smaller(self) -> str | None:
        """Name of a model that takes less memory; None if there is none."""
        ...

    def load(self) -> SpeechRecognizer:
        """Load the model, and download it first if needed.

        Raises:
            ModelError: the model cannot be used.
            EngineError: the device is not available, or a package is missing.
        """
        ...


class SpeechRecognizer(Protocol):
    """A loaded engine. Blocking; up to `lanes` threads may call it at the same time."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Whisper's codes of the languages that the model supports."""
        ...

    @property
    def device(self) -> str:
        """Device that the model runs on, such as `cpu` or `cuda`."""
        ...

    @property
    def lanes(self) -> int:
        """Number of concurrent `transcribe` calls that improves throughput."""
        ...

    @property
    def express_lanes(self) -> int:
        """Number of further calls for short speech while all lanes transcribe long speech."""
        ...

    @property
    def batch_size(self) -> int:
        """Number of speech spans per `transcribe` call that improves throughput."""
        ...

    def batch_group(self, seconds: float, request: TranscriptionRequest) -> int | None:
        """Return the group of a span of speech: spans of one group are faster in one call.

        None if the span is faster alone.
        """
        ...

    def new_segmenter(self) -> Segmenter:
        """Return a segmenter for a new stream. May be called from any thread."""
        ...

    def transcribe(
        self, speeches: Sequence[Speech], wanted: Wanted
    ) -> Iterator[tuple[int, Transcription]]:
        """Transcribe spans of speech; return each result with its number, as soon as it is there.

        Each is the same as if the span came alone.

        Raises:
            UnknownLanguage: the model does not support a requested language.
            Abandoned: `wanted` returned False.
            EngineError: the engine failed.
        """
        ...

    def close(self) -> None:
        """Free the model's memory. The engine must not be used afterwards."""
        ...
