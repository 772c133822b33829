"""What a model made of one span of speech: its text, how sure it was, and when each word was spoken."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from statistics import fmean

from wyoming_voice_stack.asr.engine import Confidence, TimedWord

MIN_LOG_PROBABILITY = -2.0
"""A text is dropped if its tokens have a lower mean: they have a probability of 13 %. Low, because it was
not tuned on real weights, and a user's words are worth more than the text that a noise would give."""
MAX_COMPRESSION_RATIO = 2.4
"""Whisper's own limit, above which a text repeats itself."""
MAX_CHARACTERS_PER_SECOND = 40
"""Nobody speaks as fast: a text that is longer and repeats itself is a loop of the decoder."""
SHORT_TEXT_CHARACTERS = 20
"""Added to that limit, for short speech."""
LAST_TOKEN_S = 0.16
"""How long a word's last token is taken to last: two frames of the encoder. Models tell only its start."""


@dataclass(frozen=True)
class DecodedSpeech:
    """The answer of a model."""

    text: str
    tokens: tuple[str, ...] = ()
    """Parts of the text; one that begins a word begins with a blank. Empty if the model does not tell."""
    starts_s: tuple[float, ...] = ()
    """When each token was spoken, in seconds; empty if the model does not tell."""
    logprobs: tuple[float, ...] = ()
    """Natural logarithm of each token's probability; empty if the model does not tell."""

    @property
    def confidence(self) -> Confidence | None:
        """Its figures; None without text. The probability of no speech is not among them, and stays 0."""
        if not self.text:
            return None
        return Confidence(self._mean_logprob, 0.0, _compression_ratio(self.text))

    @property
    def _mean_logprob(self) -> float:
        return fmean(self.logprobs) if self.logprobs else 0.0

    def accepted_text(self, seconds: float) -> str:
        """Return the text for speech of this length, or nothing if the model guessed or looped."""
        limit = SHORT_TEXT_CHARACTERS + MAX_CHARACTERS_PER_SECOND * seconds
        loops = len(self.text) > limit and _compression_ratio(self.text) > MAX_COMPRESSION_RATIO
        return "" if loops or self._mean_logprob < MIN_LOG_PROBABILITY else self.text

    def timed_words(self, text: str, seconds: float) -> tuple[TimedWord, ...]:
        """Return the words of `text` with their times; empty if the model does not tell them.

        `text` is this text with some words corrected, and `seconds` the length of the speech.
        """
        if not self.starts_s:
            return ()
        own = list(self._words(seconds))
        return tuple(_with_times(text.split(), own))

    def _words(self, seconds: float) -> Iterator[TimedWord]:
        starts: list[tuple[str, float, float]] = []
        begins = True
        for token, start_s in zip(self.tokens, self.starts_s, strict=True):
            begins = begins or token.startswith(" ")
            # A blank may be a token of its own.
            if not token.strip():
                continue
            if begins:
                starts.append((token.strip(), start_s, start_s))
            else:
                word, first_s, _ = starts[-1]
                starts[-1] = word + token, first_s, start_s
            begins = token.endswith(" ")
        ends = [*(start_s for _, start_s, _ in starts[1:]), seconds]
        for (word, start_s, last_s), next_s in zip(starts, ends, strict=True):
            yield TimedWord(word, start_s, max(start_s, min(last_s + LAST_TOKEN_S, next_s)))


def _with_times(words: Sequence[str], known: Sequence[TimedWord]) -> Iterator[TimedWord]:
    """Give words the times of the known ones in their place; new ones share the time of those replaced."""
    matcher = SequenceMatcher(None, [each.text for each in known], list(words), autojunk=False)
    for kind, first, last, new_first, new_last in matcher.get_opcodes():
        if kind == "equal":
            yield from known[first:last]
            continue
        count = new_last - new_first
        before = known[first - 1].end_s if first else 0.0
        start_s = known[first].start_s if first < last else before
        end_s = known[last - 1].end_s if first < last else before
        step_s = (end_s - start_s) / max(1, count)
        for number, word in enumerate(words[new_first:new_last]):
            yield TimedWord(word, start_s + number * step_s, start_s + (number + 1) * step_s)


def _compression_ratio(text: str) -> float:
    data = text.encode()
    return len(data) / len(zlib.compress(data))
