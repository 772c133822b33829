"""Word errors are counted after normalization."""

from __future__ import annotations

import math

import pytest

from benchmarks.common.word_errors import WordErrors, total, word_errors, words

SAME_WORDS = {
    "en": [
        ("It's 15 o'clock.", "it\u2019s fifteen oclock"),
        ("Press 1, 2, or 3", "press one two or three"),
        ("the 21st floor", "The twenty-first floor!"),
        ("1,000 people", "one thousand people"),
    ],
    "fr": [("Appuyez sur 2 : l'été", "appuyez sur deux l ete")],
    "es": [("Marque 7, contraseña", "marque siete contrasena")],
    "it": [("premere 15", "premere quindici")],
    "ru": [("Нажмите 7 ещё", "нажмите семь еще")],
}


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [(language, *pair) for language, pairs in SAME_WORDS.items() for pair in pairs],
)
def test_the_same_words_in_other_letters(language: str, one: str, other: str) -> None:
    assert words(one, language) == words(other, language)


def test_long_digits_are_read_one_by_one() -> None:
    assert words("1" * 400, "en") == ["one"] * 400


def test_word_errors_are_counted() -> None:
    assert word_errors("press one to reply", "Press 1 to reply.", "en") == WordErrors(0, 4)
    assert word_errors("press one to reply", "press two reply now", "en") == WordErrors(3, 4)
    assert word_errors("press one to reply", "", "en") == WordErrors(4, 4)
    assert word_errors("press one to reply", "now press one to reply", "en") == WordErrors(1, 4)
    assert total([WordErrors(1, 4), WordErrors(2, 6)]).percent == pytest.approx(30)
    assert math.isnan(total([]).percent)
    with pytest.raises(ValueError, match="no words"):
        word_errors("...", "press", "en")
