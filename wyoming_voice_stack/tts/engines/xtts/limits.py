"""How much text XTTS accepts at once, and how a longer text is divided.

The model accepts at most 401 text tokens and generates at most 602 audio tokens, 27.9 s of audio; it
silently drops the rest. The number of characters in a sentence predicts neither, because the tokenizer
spells out numbers and symbols and romanizes Chinese, Japanese and Korean. So the limits apply to the text
after that normalization.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from wyoming_voice_stack.errors import UnspeakableText
from wyoming_voice_stack.tts.text.fitting import split_to_fit
from wyoming_voice_stack.tts.text.language.tags import bcp47, primary

MAX_SPOKEN_CHARACTERS = 350
"""Longest normalized text: at a typical 14 characters a second, 25 s of audio."""

_DEFAULT_MAX_CHARACTERS = 150
# The limits in XTTS's tokenizer, from coqui-tts 0.28.
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
    """Characters of a sentence above which XTTS itself warns of truncated audio."""
    return _MAX_CHARACTERS.get(primary(bcp47(language)), _DEFAULT_MAX_CHARACTERS)


def divide(text: str, fits: Callable[[str], bool]) -> list[str]:
    """Halve `text` until each part `fits`; no part is empty.

    Raises:
        UnspeakableText: a single character does not fit.
    """
    if fits(text):
        return [text]
    half = math.ceil(len(text) / 2)
    if half == len(text):
        raise UnspeakableText(f"XTTS cannot read the character {text!r}. Remove it from the text.")
    return [part for piece in split_to_fit(text, half) for part in divide(piece, fits)]
