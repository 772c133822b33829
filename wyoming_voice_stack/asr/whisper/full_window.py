"""Whisper's own window of 30 s, by faster-whisper: for what a short window has spoilt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wyoming_voice_stack.asr.engine import SAMPLE_RATE, Speech
from wyoming_voice_stack.asr.whisper.hints import compose_hints
from wyoming_voice_stack.asr.whisper.window import (
    MAX_COMPRESSION_RATIO,
    Hypothesis,
    max_text_tokens,
    text_room,
)

TEMPERATURES = (0.0, 0.4, 0.8)
"""The first one searches with beams; when it ends in a loop, the others sample."""
_SEED = 0


def write_full_window(
    model: Any, speech: Speech, language: str, beam_size: int
) -> list[Hypothesis]:
    """Write a stretch of speech down, sampling where a search ends in a loop; one for each segment.

    `model` is a `faster_whisper.WhisperModel`. The same speech gives the same text.
    """
    import ctranslate2

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
        # Sampling again because of these two made no text better; `heard` judges by them.
        log_prob_threshold=None,
        no_speech_threshold=None,
        condition_on_previous_text=False,
        # As hot words, hints and prompt reach every window; a prompt reaches the first alone.
        hotwords=hints,
        # CTranslate2 ends a text at half of what this and the hints are together.
        max_new_tokens=min(2 * limit, text_room(hints, model.hf_tokenizer)),
    )
    return _as_hypotheses(list(segments), limit)


def _as_hypotheses(segments: Sequence[Any], limit: int) -> list[Hypothesis]:
    endless = sum(len(segment.tokens) for segment in segments) >= limit
    return [
        Hypothesis(
            text=segment.text,
            avg_logprob=segment.avg_logprob,
            no_speech_prob=segment.no_speech_prob,
            compression_ratio=segment.compression_ratio,
            endless=endless,
            unheard_s=0.0,
        )
        for segment in segments
    ]
