from __future__ import annotations

import re
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wyoming_voice_stack.tts.normalization import normalize
from wyoming_voice_stack.tts.normalization.locale.lexicon import languages

PIECES = [
    *(
        "0",
        "1",
        "2",
        "3",
        "5",
        "9",
        "12",
        "21",
        "30",
        "2026",
        "007",
        "123456789",
        "1.234",
        "٣",
        "५",
    ),
    *(" ", " ", " ", ".", ",", ":", ";", "-", "–", "−", "/", "(", ")", "'", "’", '"', "…", "\n"),
    *(
        "+",
        "=",
        "<",
        ">",
        "~",
        "≈",
        "±",
        "×",
        "x",
        "*",
        "#",
        "&",
        "@",
        "_",
        "→",
        "½",
        "²",
        "\u00a0",
    ),
    *(
        "°C",
        "°",
        "%",
        "km/h",
        "kWh",
        "h",
        "min",
        "s",
        "m",
        "K",
        "A",
        "$",
        "€",
        "£",
        "zł",
        "EUR",
        "Mio.",
    ),
    *(
        "am",
        "p.m.",
        "Uhr",
        "May",
        "Nov.",
        "ſept",
        "Mai",
        "Mon",
        "Mo.",
        "der",
        "am",
        "the",
        "o'clock",
    ),
    *(
        "Henry",
        "XIV",
        "IV",
        "siècle",
        "code",
        "version",
        "v1.2.3",
        "light.",
        "a_b",
        "TV",
        "CO2",
        "ſ",
        "İ",
    ),
    *(
        "PM",
        "p. m.",
        "7h30",
        "2 ",
        "½",
        "mAh",
        "kWh",
        "per",
        "pro",
        "C:\\\\a",
        "555 123 4567",
        "el",
        "XIX",
    ),
    *(
        "г.",
        "ул.",
        "ul.",
        "M. S.",
        "30.11",
        "1.-3.12.",
        "nov 2026",
        "na",
        "в",
        "Karel",
        "min.",
        "Ⅳ",
    ),
    *("192.168.1.1", "a@b.co", "x.com", "/a/b", "f.txt", "+49", "時", "点", "시", "st", "e", "º"),
]
messy_texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
tags = st.sampled_from([*sorted(languages()), "en-GB", "pt-PT", "de-CH", "sv", ""])
WORDS = ("lamp", "kitchen", "quietly", "beside", "window", "garden")


@settings(deadline=None, max_examples=400)
@given(messy_texts, tags)
def test_messy_text_is_normalized(text: str, language: str) -> None:
    spoken = normalize(text, language)
    if language and language != "sv":
        assert not re.search(r"\d", spoken)
    if any(character.isalnum() for character in text):
        assert any(character.isalnum() for character in spoken)


@settings(deadline=None)
@given(st.text(), tags)
def test_any_text_is_normalized(text: str, language: str) -> None:
    normalize(text, language)


@settings(deadline=None)
@given(st.lists(st.sampled_from([*WORDS, *(f" {piece} " for piece in PIECES)])), tags)
def test_no_word_is_lost(pieces: list[str], language: str) -> None:
    text = " ".join(pieces)
    spoken = normalize(text, language)
    for word in WORDS:
        assert len(re.findall(rf"\b{word}\b", spoken)) == pieces.count(word)


LONG = [
    *(
        ("ru", "в г. Москве "),
        ("ru", "пр-т М"),
        ("pl", "na ul. D "),
        ("pl", "pon. 30.1"),
        ("cs", "Karel IV. a "),
    ),
    *(
        ("es", "el XIX con"),
        ("es", "7:30 p. "),
        ("en", "11/30 to "),
        ("en", "C:\\a"),
        ("en", "5 A "),
        ("en", "wind NW N "),
    ),
    *(("de", "1.-3.12"), ("it", "lun 30 nov "), ("fr", "01.23."), ("tr", "M. S. ")),
]


@pytest.mark.parametrize(("language", "piece"), LONG)
def test_a_long_text_comes_to_an_end(language: str, piece: str) -> None:
    assert normalize(piece * (125_000 // len(piece)), language)


@pytest.mark.parametrize("language", ["en", "de", "fr", "zh"])
@pytest.mark.parametrize("digits", ["1" * 5000, "1." * 2000, "9,999" * 500, "1 " * 2000])
def test_numbers_without_end(language: str, digits: str) -> None:
    assert normalize(digits, language)


@pytest.mark.parametrize("language", ["en", "de", "es", "ru", "zh", "ja", "xx"])
def test_every_number_and_sign_of_unicode(language: str) -> None:
    numbers = (chr(point) for point in range(sys.maxunicode) if _category(point)[0] == "N")
    signs = map(chr, range(0x2000, 0x2C00))
    for row in batched([*numbers, *signs], 40):
        for separator in (" ", "", " a "):
            assert normalize(separator.join(row), language)


def _category(point: int) -> str:
    return unicodedata.category(chr(point))


def batched(characters: list[str], size: int) -> list[list[str]]:
    return [characters[begin : begin + size] for begin in range(0, len(characters), size)]


def test_libraries_are_imported_late() -> None:
    code = (
        "import sys; import wyoming_voice_stack.tts.normalization as package;"
        "package.normalize('No number.', 'sv');"
        "sys.exit('babel' in sys.modules or 'unicode_rbnf' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
