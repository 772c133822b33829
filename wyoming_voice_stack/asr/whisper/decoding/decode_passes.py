"""Decode passes: how many times, and with how much effort, Whisper decodes the same speech.

The first pass is cheap: little silence after the speech, few beams. Only speech whose text Whisper is
not confident in is decoded again with more effort.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise

from wyoming_voice_stack.asr.whisper.decoding.hypothesis_filter import NO_SPEECH_PROBABILITY
from wyoming_voice_stack.asr.whisper.decoding.window import WINDOW_S, Hypothesis

DOUBTFUL_NO_SPEECH_PROBABILITY = 0.6
"""Above it, Whisper rather assumes silence, so the speech is decoded again unless the text is confident."""
CONFIDENT_LOG_PROBABILITY = -0.3
"""Mean log-probability from which on a text stays although Whisper rather assumes silence. No further pass
changed such a text; text made from hum is below."""
TINY_MODEL_BYTES = 100_000_000
"""Size on disk below which models need much silence after the speech, and are fast enough to decode a full
window during the pause at the end."""
BASE_MODEL_BYTES = 200_000_000
"""Size on disk below which the shortest windows were measured."""


@dataclass(frozen=True)
class DecodePass:
    """How to decode a span of speech once."""

    context_s: int
    """Silence after the speech in its window, in seconds."""
    sure_log_probability: float
    """Mean log-probability below which the next pass follows, if there is one."""
    beams: int | None = None
    """Beam size; None is that of the settings."""
    max_window_s: int = WINDOW_S
    """Longest window, in seconds, that is decoded this way; longer speech keeps the text of the pass before."""

    def with_beams(self, beams: int) -> DecodePass:
        """Return the same pass, with this beam size if it has none of its own."""
        return self if self.beams else replace(self, beams=beams)

    def is_sure(self, hypothesis: Hypothesis) -> bool:
        """Return False if another pass may give a better text."""
        if hypothesis.no_speech_prob > NO_SPEECH_PROBABILITY:
            return False
        if hypothesis.no_speech_prob > DOUBTFUL_NO_SPEECH_PROBABILITY:
            return hypothesis.avg_logprob >= CONFIDENT_LOG_PROBABILITY
        return hypothesis.avg_logprob >= self.sure_log_probability


@dataclass(frozen=True)
class DecodePasses:
    """The passes of one model, each with more effort than the one before."""

    others: tuple[DecodePass, ...]
    """For all languages that are not in `by_language`, and while the language is unknown."""
    by_language: Mapping[str, tuple[DecodePass, ...]] = field(default_factory=dict)
    """For languages (Whisper's codes) in which other passes were better."""

    def for_language(self, language: str | None) -> tuple[DecodePass, ...]:
        """Return the passes for a language (Whisper's code); None if it is unknown."""
        return self.by_language.get(language or "", self.others)

    def for_partial_text(self, language: str | None) -> DecodePass:
        """Return the only pass of partial text in a language (Whisper's code); None if it is unknown."""
        first = self.for_language(language)[0]
        return replace(first, beams=1) if first.context_s < PARTIAL.context_s else PARTIAL

    def group(self, language: str | None) -> str:
        """Return the same for all languages that share their passes."""
        return language if language and language in self.by_language else ""


PARTIAL = DecodePass(4, -0.45, beams=1)
"""For partial text, of which only the words that two results agree on are shown, where no first pass is
cheaper."""
CAREFUL = DecodePass(10, -0.4)
"""As accurate as the full window where Whisper is sure, at a third of the cost."""

_LONGER = DecodePass(18, -0.4)
_FULL = DecodePass(WINDOW_S, -0.4)
_BASE = DecodePasses(
    # A first pass with one beam doubles the errors in Italian, and five beams in 6 s add 0.8 points
    # in French: errors that Whisper is sure of, so no further pass follows.
    others=(CAREFUL, _LONGER),
    by_language={
        # Recorded prompts with base: fewer errors than with longer windows, for less work; the second pass needs
        # only the decoder. Only short speech in noise needs the third one.
        "en": (
            DecodePass(2, -0.45, beams=1),
            DecodePass(2, -0.6),
            DecodePass(4, -0.4, max_window_s=8),
        ),
        # Between -0.4 and -0.55, the longer window makes as many errors as it mends.
        "es": (replace(CAREFUL, sure_log_probability=-0.55), _LONGER),
    },
)
_TINY = DecodePasses((CAREFUL, _FULL))
_LARGE = DecodePasses((CAREFUL, _LONGER))


def passes_on_cpu(model_bytes: int) -> DecodePasses:
    """Return the passes for a model whose weights have this size on disk."""
    if model_bytes < TINY_MODEL_BYTES:
        return _TINY
    return _BASE if model_bytes < BASE_MODEL_BYTES else _LARGE


def passes_on_cuda() -> DecodePasses:
    """Return the passes on a GPU, where the full window costs little."""
    return _TINY


def refine(
    hypotheses: list[Hypothesis],
    passes: Sequence[DecodePass],
    window: Callable[[int, DecodePass], int],
    decode: Callable[[Sequence[int], DecodePass], Sequence[Hypothesis]],
) -> None:
    """Replace the first pass's hypotheses that are not sure by those of the next passes.

    `window` returns the length of the window of the speech with an index, in seconds; `decode` decodes
    the speeches with some indices, whose windows have one length.
    """
    unsure = list(range(len(hypotheses)))
    for last, current in pairwise(passes):
        unsure = [
            index
            for index in unsure
            if not (hypotheses[index].unreliable or last.is_sure(hypotheses[index]))
            and window(index, current) <= current.max_window_s
        ]
        lengths = {
            index: window(index, current)
            for index in unsure
            if current.beams != last.beams or window(index, current) > window(index, last)
        }
        for _, group in groupby(sorted(lengths, key=lengths.__getitem__), lengths.__getitem__):
            indices = list(group)
            for index, hypothesis in zip(indices, decode(indices, current), strict=True):
                hypotheses[index] = hypothesis
