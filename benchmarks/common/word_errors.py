"""Word errors of transcripts, counted after normalization."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import jiwer
from num2words import num2words

_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)\b")
_GROUPED = re.compile(r"(?<=\d)[,\u00a0](?=\d{3}\b)")
_NUMBER = re.compile(r"\d+")
_APOSTROPHES = re.compile(r"['`\u00b4\u02bc\u2019]")
_NO_WORD = re.compile(r"[^\w]+|_")
_LONGEST_NUMBER = 15
_SIGNS = {"en": {"%": " percent ", "&": " and ", "@": " at "}}
_JOINING_APOSTROPHE = {"en"}


@dataclass(frozen=True)
class WordErrors:
    """Number of wrong words and of reference words, in any number of texts."""

    wrong: int = 0
    """Substitutions, deletions and insertions."""
    spoken: int = 0
    """Words of the reference."""

    def __add__(self, other: WordErrors) -> WordErrors:
        return WordErrors(self.wrong + other.wrong, self.spoken + other.spoken)

    @property
    def percent(self) -> float:
        """Word error rate; may exceed 100."""
        return 100 * self.wrong / self.spoken if self.spoken else math.nan


def words(text: str, language: str) -> list[str]:
    """The words of a text without case, punctuation and accents.

    Numbers become words (`15` and `fifteen`, `21st` and `twenty first` are the same). Accents are
    dropped because some references lack them. `o'clock` is one word, `l'heure` two.
    """
    text = unicodedata.normalize("NFKC", text).casefold()
    for sign, spoken in _SIGNS.get(language, {}).items():
        text = text.replace(sign, spoken)
    text = _GROUPED.sub("", text)
    if language == "en":
        text = _ORDINAL.sub(lambda found: _spell(found[1], language, "ordinal"), text)
    text = _NUMBER.sub(lambda found: f" {_spell(found[0], language, 'cardinal')} ", text)
    text = _APOSTROPHES.sub("" if language in _JOINING_APOSTROPHE else " ", text)
    return _NO_WORD.sub(" ", _without_accents(text)).split()


def word_errors(said: str, heard: str, language: str) -> WordErrors:
    """Compare a transcript with the reference: the fewest word edits between them."""
    reference = words(said, language)
    if not reference:
        raise ValueError(f"{said!r} has no words; leave it out")
    found = jiwer.process_words(" ".join(reference), " ".join(words(heard, language)))
    return WordErrors(
        found.substitutions + found.deletions + found.insertions,
        found.substitutions + found.deletions + found.hits,
    )


def total(errors: Iterable[WordErrors]) -> WordErrors:
    """Add up errors; in the rate of the sum, long texts count for more."""
    return sum(errors, WordErrors())


def _spell(digits: str, language: str, kind: str) -> str:
    # Longer ones are not quantities: their digits are read one by one.
    if len(digits) > _LONGEST_NUMBER:
        return " ".join(_spell(digit, language, "cardinal") for digit in digits)
    return str(num2words(int(digits), lang=language, to=kind))


def _without_accents(text: str) -> str:
    letters = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
