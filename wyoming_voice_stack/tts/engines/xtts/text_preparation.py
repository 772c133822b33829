"""Text as XTTS's tokenizer can read it.

The tokenizer writes out numbers with num2words, which knows no Hindi, no Czech ordinals (so none
of the Czech sentences that end in a number) and no very large number, and then raises one of many
errors. A number is then written more plainly, step by step, until it can be read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from wyoming_voice_stack.errors import NoAudio, UnspeakableText
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
    """What the model's functions take; they clean it once more."""
    spoken: str
    """What the tokenizer makes of it: lower case, numbers in words, Latin letters."""


class Tokenizer(Protocol):
    """What is used of coqui-tts's `VoiceBpeTokenizer`."""

    def preprocess_text(self, txt: str, lang: str) -> str:
        """Write out `txt`; `lang` has no region."""
        ...


class TextPreparer:
    """Turns a sentence into what may be given to the model, in as many parts as that takes."""

    def __init__(self, tokenizer: Tokenizer, *, max_text_tokens: int) -> None:
        self._tokenizer = tokenizer
        # Each character makes one token at most, and the language one.
        self._max_spoken = min(MAX_SPOKEN_CHARACTERS, max_text_tokens - 1)

    def read(self, text: str, code: str) -> list[PreparedText]:
        """At least one part, all within the limits of the model.

        Raises:
            UnspeakableText: no form of the text can be read.
            NoAudio: nothing in the text can be spoken.
        """
        self._word(text, code)
        parts = divide(text, lambda part: self._fits(part, code))
        return [wording for part in parts if (wording := self._try(part, code)) is not None]

    def _fits(self, part: str, code: str) -> bool:
        wording = self._try(part, code)
        if wording is None:
            return True
        return (
            len(wording.written) <= max_characters(code) and len(wording.spoken) <= self._max_spoken
        )

    def _try(self, part: str, code: str) -> PreparedText | None:
        try:
            return self._word(part, code)
        except NoAudio:
            return None

    def _word(self, text: str, code: str) -> PreparedText:
        """The least changed form of `text` that the tokenizer accepts."""
        plain = text.strip().lower()
        for simplify in (_unchanged, _dots_apart, _digits_apart):
            written = simplify(plain, code)
            try:
                spoken = self._tokenizer.preprocess_text(written, primary(code)).strip()
            except _SPELLING_ERRORS:
                continue
            return _speakable(PreparedText(written, spoken))
        raise UnspeakableText(
            f"XTTS cannot read this sentence of {len(text)} characters in {code!r}; write its"
            " numbers and signs in words."
        )


def _speakable(wording: PreparedText) -> PreparedText:
    if not any(character.isalnum() for character in wording.spoken):
        raise NoAudio("Nothing in this sentence can be spoken; send words or numbers.")
    if len(wording.spoken) == 1:
        # Of a lone letter the model makes seconds of babble; a full stop tells it to end.
        return PreparedText(f"{wording.written}.", f"{wording.spoken}.")
    return wording


def _unchanged(text: str, _code: str) -> str:
    return text


def _dots_apart(text: str, _code: str) -> str:
    """No number followed by a full stop, which some languages read as an ordinal."""
    return _NUMBER_AND_DOT.sub(" .", text)


def _digits_apart(text: str, code: str) -> str:
    """Every digit on its own, in words where the language's numbers are not known at all."""
    names = _HINDI_DIGITS if code == "hi" else tuple("0123456789")
    return _DIGIT.sub(lambda digit: f" {names[int(digit[0])]} ", _dots_apart(text, code))
