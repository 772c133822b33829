"""Preparing text so that XTTS's tokenizer accepts it.

The tokenizer spells out numbers with num2words, which raises various errors for Hindi, for Czech ordinals
(and so for Czech sentences that end in a number) and for very large numbers. In these cases the number is
simplified step by step until the tokenizer accepts it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from wyoming_voice_stack.errors import NoAudio, UnspeakableText
from wyoming_voice_stack.tts.engines.request_checks import nothing_to_speak
from wyoming_voice_stack.tts.engines.xtts.limits import (
    MAX_SPOKEN_CHARACTERS,
    divide,
    max_characters,
)
from wyoming_voice_stack.tts.text.language.tags import primary

_HINDI_DIGITS = ("शून्य", "एक", "दो", "तीन", "चार", "पाँच", "छह", "सात", "आठ", "नौ")
_DIGIT = re.compile(r"\d")
_NUMBER_AND_DOT = re.compile(r"(?<=\d)\.(?=\s|$)")
_SPELLING_ERRORS = (ArithmeticError, LookupError, NotImplementedError, RecursionError, ValueError)


@dataclass(frozen=True)
class PreparedText:
    """One sentence for the model."""

    written: str
    """The text for the model's functions, which normalize it again."""
    spoken: str
    """The tokenizer's normalization of it: lower case, numbers in words, Latin letters."""


class Tokenizer(Protocol):
    """The used part of coqui-tts's `VoiceBpeTokenizer`."""

    def preprocess_text(self, txt: str, lang: str) -> str:
        """Normalize `txt`; `lang` has no region."""
        ...


class TextPreparer:
    """Prepares a sentence for the model, in as many parts as its limits require."""

    def __init__(self, tokenizer: Tokenizer, *, max_text_tokens: int) -> None:
        self._tokenizer = tokenizer
        # Each character becomes one token at most, and the language one.
        self._max_spoken = min(MAX_SPOKEN_CHARACTERS, max_text_tokens - 1)

    def prepare(self, text: str, code: str) -> list[PreparedText]:
        """Return one or more parts, all within the limits of the model.

        Raises:
            UnspeakableText: the tokenizer accepts no form of the text.
            NoAudio: the text contains nothing to speak.
        """
        self._prepare_part(text, code)
        parts = divide(text, lambda part: self._fits(part, code))
        prepared = (self._prepare_if_speakable(part, code) for part in parts)
        return [each for each in prepared if each is not None]

    def _fits(self, part: str, code: str) -> bool:
        text = self._prepare_if_speakable(part, code)
        if text is None:
            return True
        return len(text.written) <= max_characters(code) and len(text.spoken) <= self._max_spoken

    def _prepare_if_speakable(self, part: str, code: str) -> PreparedText | None:
        try:
            return self._prepare_part(part, code)
        except NoAudio:
            return None

    def _prepare_part(self, text: str, code: str) -> PreparedText:
        """The least changed form of `text` that the tokenizer accepts."""
        plain = text.strip().lower()
        for simplify in (_unchanged, _separate_dots, _separate_digits):
            written = simplify(plain, code)
            try:
                spoken = self._tokenizer.preprocess_text(written, primary(code)).strip()
            except _SPELLING_ERRORS:
                continue
            return _require_speakable(PreparedText(written, spoken))
        raise UnspeakableText(
            f"XTTS cannot read this sentence of {len(text)} characters in {code!r}. Spell out its"
            " numbers and symbols."
        )


def _require_speakable(text: PreparedText) -> PreparedText:
    if not any(character.isalnum() for character in text.spoken):
        raise nothing_to_speak()
    if len(text.spoken) == 1:
        # The model babbles for seconds after a single letter; a full stop makes it end.
        return PreparedText(f"{text.written}.", f"{text.spoken}.")
    return text


def _unchanged(text: str, _code: str) -> str:
    return text


def _separate_dots(text: str, _code: str) -> str:
    """Separate full stops from numbers, which some languages would read as ordinals."""
    return _NUMBER_AND_DOT.sub(" .", text)


def _separate_digits(text: str, code: str) -> str:
    """Separate all digits; in words where num2words does not support the language."""
    names = _HINDI_DIGITS if code == "hi" else tuple("0123456789")
    return _DIGIT.sub(lambda digit: f" {names[int(digit[0])]} ", _separate_dots(text, code))
