"""One window of Whisper: mel bands in, text and Whisper's own figures out.

Whisper was trained on windows of 30 s, and the encoder's share of a short command is nearly all
for the silence after it. CTranslate2 encodes shorter windows; `looks` says how much silence is
enough for the same words.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Samples
from wyoming_voice_stack.asr.whisper.hints import MAX_HINT_TOKENS

WINDOW_S = 30
MAX_WINDOW_TOKENS = 448
"""Prompt and text of one window together; a property of all Whisper models."""
TOKENS_PER_SECOND = 25
MIN_TEXT_TOKENS = 32
"""A text has at most this many tokens and `TOKENS_PER_SECOND`, so that a loop ends early."""
MAX_COMPRESSION_RATIO = 2.4
"""Text that zlib shrinks further than this repeats itself."""
MAX_UNHEARD_S = 1.0
"""Speech after the text's last timestamp. More tells that Whisper stopped writing too early: a sentence of
1.9 s was lost so. Of 190 recorded prompts none had more than 0.5."""

_CONTROL_TOKENS = 8
_FRAMES_PER_SECOND = 100
_TIMESTAMP_S = 0.02
_MAX_INITIAL_TIMESTAMP = 50
"""The first timestamp is in the first second, as in OpenAI's decoder."""


@dataclass(frozen=True)
class Hypothesis:
    """A text, and what Whisper and the text itself say of its worth."""

    text: str
    avg_logprob: float
    """Mean over the tokens."""
    no_speech_prob: float
    compression_ratio: float
    endless: bool
    """It was cut off at the bound on tokens."""
    unheard_s: float
    """Speech that comes after the last timestamp."""

    @property
    def spoilt(self) -> bool:
        """True when the short window may be at fault: it loops, or it stops too early."""
        return (
            self.endless
            or self.compression_ratio > MAX_COMPRESSION_RATIO
            or self.unheard_s > MAX_UNHEARD_S
        )


@dataclass(frozen=True)
class Encoded:
    """Windows of the same length that went through the encoder together."""

    states: Any
    """CTranslate2's, shape [windows, frames / 2, width]."""
    seconds: tuple[float, ...]
    """Of speech in each window, without the context."""


def window_seconds(samples: Samples, step_s: int, context_s: float) -> int:
    """How long a window for this speech is: a multiple of `step_s`, 30 s at most."""
    needed = len(samples) / SAMPLE_RATE + context_s
    return min(WINDOW_S, step_s * math.ceil(needed / step_s))


def encode(model: Any, speeches: Sequence[Samples], seconds: int) -> Encoded:
    """Encode stretches of speech in windows of `seconds` each.

    `model` is a `faster_whisper.WhisperModel`.
    """
    bands = [_mel(model, samples, seconds) for samples in speeches]
    lengths = tuple(len(samples) / SAMPLE_RATE for samples in speeches)
    return Encoded(model.encode(np.stack(bands)), lengths)


def detect(model: Any, encoded: Encoded, candidates: Sequence[Sequence[str]]) -> list[str]:
    """Find the most probable language of each window among its own candidates."""
    found = []
    rankings = model.model.detect_language(encoded.states)
    for ranking, wanted in zip(rankings, candidates, strict=True):
        # The most probable language comes first.
        codes = (token[2:-2] for token, _ in ranking)
        found.append(next((code for code in codes if code in wanted), wanted[0]))
    return found


def write(
    model: Any, encoded: Encoded, prompts: Sequence[list[int]], tokenizer: Any, beam_size: int
) -> list[Hypothesis]:
    """Write down each window, told its own prompt; all prompts are equally long.

    Timestamps are asked for: without them, Whisper repeats itself in short windows.
    """
    limits = [max_text_tokens(seconds) for seconds in encoded.seconds]
    results = model.model.generate(
        encoded.states,
        prompts,
        beam_size=beam_size,
        # CTranslate2 ends a text at half of this, or where prompt and text together reach it.
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
    """Most tokens that a text of so many seconds may have."""
    room = MAX_WINDOW_TOKENS - MAX_HINT_TOKENS - _CONTROL_TOKENS
    return min(room, MIN_TEXT_TOKENS + int(TOKENS_PER_SECOND * min(seconds, WINDOW_S)))


def text_room(hints: str | None, tokenizer: Any) -> int:
    """Tokens that are left for a text behind these hints."""
    told = len(tokenizer.encode(" " + hints, add_special_tokens=False).ids) if hints else 0
    return MAX_WINDOW_TOKENS - told - _CONTROL_TOKENS


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
        # The score is the mean over the tokens without the one that ends the text.
        avg_logprob=result.scores[0] * len(tokens) / (len(tokens) + 1),
        no_speech_prob=result.no_speech_prob,
        compression_ratio=len(raw) / len(zlib.compress(raw)) if raw else 0.0,
        endless=len(tokens) >= limit,
        unheard_s=seconds - spoken_until,
    )
