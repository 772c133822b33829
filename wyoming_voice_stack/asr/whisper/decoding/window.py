"""Decoding of one Whisper window: mel features in, text and Whisper's own confidence figures out.

Whisper was trained on windows of 30 s, so for a short command the encoder spends nearly all its time on
the silence after it. CTranslate2 can encode shorter windows; `passes` sets how much silence is enough for
the same words.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.asr.whisper.decoding.hints import MAX_HINT_TOKENS
from wyoming_voice_stack.machine.memory import require_memory

WINDOW_S = 30
MAX_WINDOW_TOKENS = 448
"""Prompt and text of one window together, in all Whisper models."""
TOKENS_PER_SECOND = 25
MIN_TEXT_TOKENS = 32
"""Base of the token limit, to which `TOKENS_PER_SECOND` is added: it ends decoder loops early."""
MAX_COMPRESSION_RATIO = 2.4
"""Text that zlib compresses by more than this is repetitive."""
MAX_UNTRANSCRIBED_S = 1.0
"""Maximum speech after the last timestamp. With more, Whisper stopped too early: it lost a sentence of
1.9 s that way. None of 190 recorded prompts had more than 0.5 s."""
CALL_BYTES = 64 * 1024 * 1024
"""Memory that must be free for a call, without what its windows take. Several calls need up to 20 MB each."""
FULL_WINDOW_BYTES = 256 * 1024 * 1024
"""Memory that the largest model takes to encode 30 s. Most of it is the attention of its 20 heads, so it
grows with the square of the length."""

_CONTROL_TOKENS = 8
_FRAMES_PER_SECOND = 100
_TIMESTAMP_S = 0.02
_MAX_INITIAL_TIMESTAMP = 50
"""1 s, in steps of `_TIMESTAMP_S`; the value of OpenAI's decoder."""


@dataclass(frozen=True)
class Hypothesis:
    """A text, and figures that tell how reliable it is."""

    text: str
    avg_logprob: float
    """Mean over the tokens."""
    no_speech_prob: float
    compression_ratio: float
    truncated: bool
    """True if the token limit cut it off."""
    untranscribed_s: float
    """Speech after the last timestamp."""

    @property
    def unreliable(self) -> bool:
        """True if the short window may have caused a decoder loop or an early stop."""
        return (
            self.truncated
            or self.compression_ratio > MAX_COMPRESSION_RATIO
            or self.untranscribed_s > MAX_UNTRANSCRIBED_S
        )


@dataclass(frozen=True)
class Encoded:
    """Encoder output of a batch of windows of the same length."""

    states: Any
    """CTranslate2's `StorageView`, shape [windows, frames / 2, width]."""
    seconds: tuple[float, ...]
    """Speech in each window, without the silence after it."""

    def some(self, numbers: Sequence[int]) -> Encoded:
        """Return the output of the windows with these numbers. It has to be in the processor's memory."""
        from ctranslate2 import DataType, StorageView

        if list(numbers) == list(range(len(self.seconds))):
            return self
        # numpy has no bfloat16; the decoder converts it back.
        states = np.asarray(self.states.to(DataType.float32))[list(numbers)]
        seconds = tuple(self.seconds[number] for number in numbers)
        return Encoded(StorageView.from_array(np.ascontiguousarray(states)), seconds)


def window_seconds(samples: Samples, step_s: int, context_s: float) -> int:
    """Return the window length for this speech: a multiple of `step_s`, 30 s at most."""
    needed = len(samples) / SAMPLE_RATE + context_s
    return min(WINDOW_S, step_s * math.ceil(needed / step_s))


def encode(model: Any, speeches: Sequence[Samples], seconds: int) -> Encoded:
    """Encode spans of speech in windows of `seconds` each.

    `model` is a `faster_whisper.WhisperModel`.

    Raises:
        MemoryError: there is too little memory for it.
    """
    require_window_memory(model, len(speeches), seconds)
    bands = [_mel(model, samples, seconds) for samples in speeches]
    lengths = tuple(len(samples) / SAMPLE_RATE for samples in speeches)
    return Encoded(model.encode(np.stack(bands)), lengths)


def require_window_memory(model: Any, windows: int, seconds: int) -> None:
    """Check that there is memory to encode windows of `seconds` each.

    CTranslate2 reports that it got none, but MKL, which multiplies matrices on a CPU, ends the process.

    Raises:
        MemoryError: there is too little.
    """
    if model.model.device == "cpu":
        require_memory(CALL_BYTES + windows * FULL_WINDOW_BYTES * seconds**2 // WINDOW_S**2)


def new_tokenizer(model: Any, language: str, task: str) -> Any:
    """Create a `faster_whisper.tokenizer.Tokenizer` for texts in this language."""
    from faster_whisper.tokenizer import Tokenizer

    return Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task, language)


def detect_languages(
    model: Any, encoded: Encoded, candidates: Sequence[Sequence[str]]
) -> list[str]:
    """Return the most probable language of each window among its candidates."""
    found = []
    rankings = model.model.detect_language(encoded.states)
    for ranking, allowed in zip(rankings, candidates, strict=True):
        # CTranslate2 sorts by probability, the highest first.
        codes = (token[2:-2] for token, _ in ranking)
        found.append(next((code for code in codes if code in allowed), allowed[0]))
    return found


def decode(
    model: Any, encoded: Encoded, prompts: Sequence[list[int]], tokenizer: Any, beam_size: int
) -> list[Hypothesis]:
    """Decode each window with its own prompt; all prompts must have the same length.

    Timestamps are enabled: without them, Whisper repeats itself in short windows.
    """
    limits = [max_text_tokens(seconds) for seconds in encoded.seconds]
    results = model.model.generate(
        encoded.states,
        prompts,
        beam_size=beam_size,
        # CTranslate2 stops at half of this length, or when prompt and text together reach it.
        max_length=max(2 * max(limits), len(prompts[0]) + max(limits)),
        return_scores=True,
        return_no_speech_prob=True,
        suppress_tokens=_suppressed(tokenizer),
        max_initial_timestamp_index=_MAX_INITIAL_TIMESTAMP,
    )
    return [
        _hypothesis(result, tokenizer, seconds, limit)
        for result, seconds, limit in zip(results, encoded.seconds, limits, strict=True)
    ]


def max_text_tokens(seconds: float) -> int:
    """Return the token limit for the text of this many seconds of speech."""
    available = MAX_WINDOW_TOKENS - MAX_HINT_TOKENS - _CONTROL_TOKENS
    return min(available, MIN_TEXT_TOKENS + int(TOKENS_PER_SECOND * min(seconds, WINDOW_S)))


def tokens_after_hints(hints: str | None, tokenizer: Any) -> int:
    """Return the number of tokens that hints leave for the text."""
    used = len(tokenizer.encode(" " + hints, add_special_tokens=False).ids) if hints else 0
    return MAX_WINDOW_TOKENS - used - _CONTROL_TOKENS


def _mel(model: Any, samples: Samples, seconds: int) -> Any:
    padded = np.pad(samples, (0, max(0, seconds * SAMPLE_RATE - len(samples))))
    return model.feature_extractor(padded)[:, : seconds * _FRAMES_PER_SECOND]


def _suppressed(tokenizer: Any) -> list[int]:
    from faster_whisper.transcribe import get_suppressed_tokens

    return list(get_suppressed_tokens(tokenizer, [-1]))


def _hypothesis(result: Any, tokenizer: Any, seconds: float, limit: int) -> Hypothesis:
    tokens = result.sequences_ids[0]
    text = tokenizer.decode([token for token in tokens if token < tokenizer.eot])
    stamps = [token for token in tokens if token >= tokenizer.timestamp_begin]
    spoken_until = (stamps[-1] - tokenizer.timestamp_begin) * _TIMESTAMP_S if stamps else seconds
    raw = text.strip().encode()
    return Hypothesis(
        text=text,
        # CTranslate2's mean leaves out the end-of-text token.
        avg_logprob=result.scores[0] * len(tokens) / (len(tokens) + 1),
        no_speech_prob=result.no_speech_prob,
        compression_ratio=len(raw) / len(zlib.compress(raw)) if raw else 0.0,
        truncated=len(tokens) >= limit,
        untranscribed_s=seconds - spoken_until,
    )
