"""How closely, and how often, Whisper looks at the same speech.

The first look is a cheap one: little silence after the speech, few hypotheses. Whisper tells what it
is not sure of, and only that is looked at more closely.
"""

from __future__ import annotations

from dataclasses import dataclass

from wyoming_voice_stack.asr.whisper.window import WINDOW_S, Hypothesis

DOUBTFUL_NO_SPEECH_PROBABILITY = 0.6
"""Above, Whisper rather thinks that nobody speaks, and is asked again whatever it wrote."""
TINY_MODEL_BYTES = 100_000_000
"""Weights on disk of the models that need much silence after the speech, and whose full window still
fits into the pause at the end."""
BASE_MODEL_BYTES = 200_000_000
"""Weights on disk of the largest models with which the shortest windows were measured."""


@dataclass(frozen=True)
class DecodePass:
    """One way to write down a stretch of speech."""

    context_s: int
    """Silence after the speech in its window."""
    sure_log_probability: float
    """Mean below which a closer look is taken, if there is one."""
    beams: int | None = None
    """Hypotheses that are followed at once; None stands for as many as the engine is told."""

    def is_sure(self, heard: Hypothesis) -> bool:
        """False when a closer look may know better."""
        return (
            heard.avg_logprob >= self.sure_log_probability
            and heard.no_speech_prob <= DOUBTFUL_NO_SPEECH_PROBABILITY
        )


@dataclass(frozen=True)
class DecodePasses:
    """What one model does until it is sure; each look is a closer one than that before."""

    english: tuple[DecodePass, ...]
    others: tuple[DecodePass, ...]
    """In all other languages, of which Whisper has heard less, and while the language is not known."""

    def at(self, language: str | None) -> tuple[DecodePass, ...]:
        """Looks at speech in a language, Whisper's code."""
        return self.english if language == "en" else self.others


PARTIAL = DecodePass(4, -0.45, beams=1)
"""Enough for text that only shows what two guesses agree on."""
CAREFUL = DecodePass(10, -0.4)
"""As right as the full window, but for what is not sure, at a third of its cost."""

_LONGER = DecodePass(18, -0.4)
_FULL = DecodePass(WINDOW_S, -0.4)
_BASE = DecodePasses(
    # Recorded prompts, base: 2.5 % word errors, as with 10 s and five beams at first and 18 s after
    # it, for half the work. With one beam alone it is 2.9 %.
    english=(DecodePass(4, -0.45, beams=1), CAREFUL),
    # One beam at first costs Italian twice the errors, and five beams in 6 s cost French 0.8 points:
    # errors that Whisper is sure of.
    others=(CAREFUL, _LONGER),
)
_TINY = DecodePasses(english=(CAREFUL, _FULL), others=(CAREFUL, _FULL))
_LARGE = DecodePasses(english=(CAREFUL, _LONGER), others=(CAREFUL, _LONGER))


def passes_on_cpu(model_bytes: int) -> DecodePasses:
    """Looks of a model whose weights take so much room on disk."""
    if model_bytes < TINY_MODEL_BYTES:
        return _TINY
    return _BASE if model_bytes < BASE_MODEL_BYTES else _LARGE


def passes_on_cuda() -> DecodePasses:
    """On a graphics card the full window costs little."""
    return _TINY
