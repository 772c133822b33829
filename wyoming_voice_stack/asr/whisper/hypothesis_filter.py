"""Which of Whisper's texts stand: it writes fluent sentences where nobody speaks."""

from __future__ import annotations

from collections.abc import Sequence

from wyoming_voice_stack.asr.whisper.window import MAX_COMPRESSION_RATIO, Hypothesis

MIN_LOG_PROBABILITY = -1.3
"""Mean over a window's tokens. Recorded words are above -1, text made from noise is at -0.9 to -2."""
MAX_NO_SPEECH_PROBABILITY = 0.6
"""Above, a text stands only if its mean log-probability is above `SURE_LOG_PROBABILITY`. One recorded
sentence of a hundred is above; text made from hum is at 0.55 to 0.98."""
SURE_LOG_PROBABILITY = -0.7
"""Recorded words that base takes for no speech are above -0.6, text that it makes of hum below -0.8."""
NO_SPEECH_PROBABILITY = 0.85
"""Above, a text stands only if its mean log-probability is above `CERTAIN_LOG_PROBABILITY`. No recorded
word is there; tiny.en says 0.87 to 0.99 of hum, and is less unsure of what it makes of it."""
CERTAIN_LOG_PROBABILITY = -0.4


def heard(hypotheses: Sequence[Hypothesis]) -> list[str]:
    """The texts that Whisper did hear, by its own figures."""
    return [one.text for one in hypotheses if _stands(one)]


def _stands(one: Hypothesis) -> bool:
    doubtful = one.no_speech_prob > MAX_NO_SPEECH_PROBABILITY
    denied = one.no_speech_prob > NO_SPEECH_PROBABILITY
    needed = CERTAIN_LOG_PROBABILITY if denied else SURE_LOG_PROBABILITY
    repeats = one.compression_ratio > MAX_COMPRESSION_RATIO
    return (
        one.avg_logprob >= MIN_LOG_PROBABILITY
        # Whisper is caught in a loop if it also wrote to the limit or doubts that anybody
        # speaks; else somebody did say so.
        and not (repeats and (one.endless or doubtful))
        and not (doubtful and one.avg_logprob <= needed)
    )
