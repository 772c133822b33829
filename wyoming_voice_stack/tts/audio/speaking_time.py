"""Estimates a generous upper bound for the time it takes to speak a text, from its characters alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

LETTER_S = 0.1
"""For a letter of a word. A Piper voice takes 0.045 s."""
DENSE_LETTER_S = 0.2
"""For a letter of a script without vowels: Hebrew, Arabic."""
WORD_S = 0.4
"""The least for a word or the name of a letter. A Piper voice takes 0.15 to 0.35 s."""
SYLLABLE_S = 0.4
"""For a character of Chinese, Japanese or Korean."""
DIGIT_S = 0.6
"""For a digit: in "77", "1,000" and "1984", each adds a word or two."""
SIGN_S = 1.0
"""For a sign that is read out, such as "%" or "°"."""

_TOKENS = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*|\d|[^\w\s]")
_SYLLABLES = re.compile(
    r"[\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9d]"
)
_PAUSES = re.compile(
    r"(?:[,;:.!?\u2026](?=\s)|[\u2013\u2014\u3001\u3002\uff0c\uff01\uff1f\uff1a\uff1b])(?=.*\w)",
    re.DOTALL,
)
_DENSE = re.compile(r"[\u0590-\u08ff]")
_SIGNS = frozenset("%&@#*/\\\u00a7")


@dataclass(frozen=True)
class SpeakingTime:
    """Time of speech without pauses, in seconds at normal speed."""

    whole_s: float
    """The slowest speaker takes no longer for the text."""
    before_last_word_s: float
    """After this time, the slowest speaker has begun the last word; 0 for a single word."""
    pauses: int
    """Number of marks within the text at which a speaker may pause."""

    @classmethod
    def of(cls, text: str) -> SpeakingTime:
        """Estimate the time for a text; marks between words take none."""
        times = [time for token in _TOKENS.findall(text) for time in _times(token)]
        return cls(
            whole_s=sum(times),
            before_last_word_s=sum(times[:-1]),
            pauses=len(_PAUSES.findall(text)),
        )


def _times(token: str) -> Iterator[float]:
    """Yield the time of each part of a token after which there may be a pause."""
    if token.isdecimal():
        yield DIGIT_S
    elif not token[0].isalnum():
        if token in _SIGNS or unicodedata.category(token).startswith("S"):
            yield SIGN_S
    elif syllables := len(_SYLLABLES.findall(token)):
        yield from [SYLLABLE_S] * syllables
    elif (capitals := sum(map(str.isupper, token))) > 1:
        # The letters of an abbreviation are spelled out.
        yield from [WORD_S] * capitals
    else:
        letter = DENSE_LETTER_S if _DENSE.search(token) else LETTER_S
        yield max(WORD_S, letter * len(token))
