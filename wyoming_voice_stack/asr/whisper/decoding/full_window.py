"""Decoding in Whisper's full 30 s window, by faster-whisper, where a short window is unreliable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Speech
from wyoming_voice_stack.asr.whisper.decoding.hints import compose_hints
from wyoming_voice_stack.asr.whisper.decoding.window import (
    MAX_COMPRESSION_RATIO,
    WINDOW_S,
    Hypothesis,
    max_text_tokens,
    require_window_memory,
    tokens_after_hints,
)

TEMPERATURES = (0.0, 0.4, 0.8)
"""0 is beam search; if that ends in a loop, the others sample."""
_SEED = 0


def decode_full_window(
    model: Any, speech: Speech, language: str, beam_size: int
) -> list[Hypothesis]:
    """Decode a span of speech; sample if beam search ends in a loop.

    `model` is a `faster_whisper.WhisperModel`. Beam search gives the same text for the same speech every
    time; samples may differ, since CTranslate2 seeds each of its threads only once.

    Returns:
        One hypothesis for each segment.

    Raises:
        MemoryError: there is too little memory for it.
    """
    import ctranslate2

    require_window_memory(model, 1, WINDOW_S)

    limit = max_text_tokens(len(speech.samples) / SAMPLE_RATE)
    hints = compose_hints(speech.request, model.hf_tokenizer)
    ctranslate2.set_random_seed(_SEED)
    segments, _ = model.transcribe(
        speech.samples,
        language=language,
        task=speech.request.task,
        beam_size=beam_size,
        temperature=TEMPERATURES,
        compression_ratio_threshold=MAX_COMPRESSION_RATIO,
        # Sampling again on these two improved no text; `accepted_texts` checks them instead.
        log_prob_threshold=None,
        no_speech_threshold=None,
        condition_on_previous_text=False,
        # Hot words apply to every window, an initial prompt only to the first.
        hotwords=hints,
        # CTranslate2 stops at half of this and the hints together.
        max_new_tokens=min(2 * limit, tokens_after_hints(hints, model.hf_tokenizer)),
    )
    return _as_hypotheses(list(segments), limit)


def _as_hypotheses(segments: Sequence[Any], limit: int) -> list[Hypothesis]:
    truncated = sum(len(segment.tokens) for segment in segments) >= limit
    return [
        Hypothesis(
            text=segment.text,
            avg_logprob=segment.avg_logprob,
            no_speech_prob=segment.no_speech_prob,
            compression_ratio=segment.compression_ratio,
            truncated=truncated,
            untranscribed_s=0.0,
        )
        for segment in segments
    ]
