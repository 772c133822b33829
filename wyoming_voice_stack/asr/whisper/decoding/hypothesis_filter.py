"""Rejects text that Whisper invents: it writes fluent sentences where there is no speech."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from wyoming_voice_stack.asr.engine import Confidence
from wyoming_voice_stack.asr.whisper.decoding.window import MAX_COMPRESSION_RATIO, Hypothesis

MIN_LOG_PROBABILITY = -1.3
"""Minimum mean over a window's tokens. Recorded words are above -1, text made from noise is at -0.9 to
-2."""
MAX_NO_SPEECH_PROBABILITY = 0.6
"""Above it, a text is accepted only if its mean log-probability is above `SURE_LOG_PROBABILITY`. One
recorded sentence in a hundred is above; text made from hum is at 0.55 to 0.98."""
SURE_LOG_PROBABILITY = -0.7
"""Recorded words that base classifies as no speech are above -0.6, text that it makes from hum is below
-0.8."""
NO_SPEECH_PROBABILITY = 0.85
"""Above it, a text is accepted only if its mean log-probability is above `CERTAIN_LOG_PROBABILITY`. No
recorded word is above; hum is at 0.87 to 0.99 with tiny.en, which is more confident in the text it makes
from it."""
CERTAIN_LOG_PROBABILITY = -0.4


def accepted_texts(hypotheses: Sequence[Hypothesis]) -> list[str]:
    """Return the texts that Whisper's own figures support."""
    return [one.text for one in hypotheses if _is_accepted(one)]


def confidence_of(hypotheses: Sequence[Hypothesis]) -> Confidence | None:
    """Return the figures of all parts of a text together; None if there are none."""
    if not hypotheses:
        return None
    return Confidence(
        avg_logprob=fmean(one.avg_logprob for one in hypotheses),
        no_speech_prob=max(one.no_speech_prob for one in hypotheses),
        compression_ratio=max(one.compression_ratio for one in hypotheses),
    )


def _is_accepted(one: Hypothesis) -> bool:
    doubtful = one.no_speech_prob > MAX_NO_SPEECH_PROBABILITY
    denied = one.no_speech_prob > NO_SPEECH_PROBABILITY
    needed = CERTAIN_LOG_PROBABILITY if denied else SURE_LOG_PROBABILITY
    repeats = one.compression_ratio > MAX_COMPRESSION_RATIO
    return (
        one.avg_logprob >= MIN_LOG_PROBABILITY
        # Repetition is a decoder loop only if the text also hit the token limit or speech is
        # doubtful; otherwise the speaker repeated it.
        and not (repeats and (one.truncated or doubtful))
        and not (doubtful and one.avg_logprob <= needed)
    )
