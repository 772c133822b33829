"""Hypotheses of Whisper as it returns them."""

from __future__ import annotations

from wyoming_voice_stack.asr.whisper.decoding.window import Hypothesis


def hypothesis(
    avg_logprob: float,
    *,
    no_speech_prob: float = 0.1,
    compression_ratio: float = 1.0,
    truncated: bool = False,
    text: str = "Yes.",
) -> Hypothesis:
    return Hypothesis(
        text=text,
        avg_logprob=avg_logprob,
        no_speech_prob=no_speech_prob,
        compression_ratio=compression_ratio,
        truncated=truncated,
        untranscribed_s=0.0,
    )
