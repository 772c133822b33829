"""How much text XTTS takes at once, and how a text that is too much for it is divided.

The model reads at most 401 text tokens and gives at most 602 audio tokens, 27.9 s of sound; what
is longer it drops without a word. Counting the characters of a sentence guards against neither,
because the tokenizer writes out numbers and signs and turns Chinese, Japanese and Korean into
Latin letters. So what counts is the text as the model reads it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from wyoming_voice_stack.errors import UnspeakableText
from wyoming_voice_stack.tts.text.fitting import split_to_fit
from wyoming_voice_stack.tts.text.language.tags import bcp47, primary

MAX_SPOKEN_CHARACTERS = 350
"""Longest text as the model reads it: at a usual 14 characters a second, 25 s of sound."""

_DEFAULT_MAX_CHARACTERS = 150
# The limits that XTTS's tokenizer knows for each language, as in coqui-tts 0.28.
_MAX_CHARACTERS = {
    "ar": 166,
    "cs": 186,
    "de": 253,
    "en": 250,
    "es": 239,
    "fr": 273,
    "hi": 150,
    "hu": 224,
    "it": 213,
    "ja": 71,
    "ko": 95,
    "nl": 251,
    "pl": 224,
    "pt": 203,
    "ru": 182,
    "tr": 226,
    "zh": 82,
}


def max_characters(language: str) -> int:
    """Characters of one sentence above which XTTS itself warns of cut sound."""
    return _MAX_CHARACTERS.get(primary(bcp47(language)), _DEFAULT_MAX_CHARACTERS)


def divide(text: str, fits: Callable[[str], bool]) -> list[str]:
    """`text`, halved until each part `fits`; none of them is empty.

    Raises:
        UnspeakableText: a single character does not fit.
    """
    if fits(text):
        return [text]
    half = math.ceil(len(text) / 2)
    if half == len(text):
        raise UnspeakableText(f"XTTS cannot read the character {text!r}; leave it out of the text.")
    return [part for piece in split_to_fit(text, half) for part in divide(piece, fits)]
