from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.checkpoints.tiny_xtts import CODES
from wyoming_voice_stack.tts.normalization.locale.lexicon import languages, lexicon
from wyoming_voice_stack.tts.normalization.locale.locale_rules import LocaleRules, locale_rules
from wyoming_voice_stack.tts.normalization.locale.notation import (
    WrittenNumber,
    parse_number,
    parse_roman,
)


def known(language: str) -> LocaleRules:
    found = locale_rules(language)
    assert found is not None
    return found


WRITTEN_NUMBERS = [
    ("en", "1,234.5", WrittenNumber("1234", "5")),
    ("en", "1,234,567", WrittenNumber("1234567")),
    ("en", "21.5", WrittenNumber("21", "5")),
    ("en", "21,5", WrittenNumber("21", "5")),
    ("de", "1.234,5", WrittenNumber("1234", "5")),
    ("de", "1.234", WrittenNumber("1234")),
    ("de", "0.123", WrittenNumber("0", "123")),
    ("de", "21.5", WrittenNumber("21", "5")),
    ("de", "1'234", WrittenNumber("1234")),
    ("fr", "1 234,5", WrittenNumber("1234", "5")),
    ("fr", "1\u202f234", WrittenNumber("1234")),
]


@pytest.mark.parametrize(("language", "written", "number"), WRITTEN_NUMBERS)
def test_what_a_number_is(language: str, written: str, number: WrittenNumber) -> None:
    assert parse_number(written, lexicon(language).numbers) == number


def test_a_written_number_has_a_value() -> None:
    assert WrittenNumber("21", "50").value == Decimal("21.50")
    assert not WrittenNumber("9" * 15).is_too_long
    assert WrittenNumber("9" * 15, "1").is_too_long


@pytest.mark.parametrize(
    ("written", "number"),
    [("II", 2), ("IV", 4), ("VIII", 8), ("XIV", 14), ("XXI", 21), ("XLIX", 49), ("L", 50)],
)
def test_roman_numerals(written: str, number: int) -> None:
    assert parse_roman(written) == number


@pytest.mark.parametrize("written", ["", "IIII", "VX", "IC", "MIX", "ii", "LIVE"])
def test_no_roman_numerals(written: str) -> None:
    assert parse_roman(written) is None


def test_numbers_too_long_for_words_are_read_digit_by_digit() -> None:
    spoken = known("en").numerals.number(WrittenNumber("1" * 16))
    assert spoken == " ".join(["one"] * 16)


@pytest.mark.parametrize(
    ("form", "spoken"),
    [
        ("ordinal-genitive", "dwa tysiące dwudziestego szóstego"),
        ("ordinal", "dwa tysiące dwudziesty szósty"),
        ("ordinal-feminine", "dwa tysiące dwudziesta szósta"),
    ],
)
def test_polish_ordinals(form: str, spoken: str) -> None:
    assert known("pl").numerals.ordinal(2026, form) == spoken


def test_polish_ordinals_with_soft_endings() -> None:
    numerals = known("pl").numerals
    assert [numerals.ordinal(n) for n in (2, 3)] == ["drugi", "trzeci"]
    assert [numerals.ordinal(n, "ordinal-feminine") for n in (2, 3)] == ["druga", "trzecia"]


@pytest.mark.parametrize("language", sorted(languages()))
def test_every_lexicon_is_whole(language: str) -> None:
    """Each unit and sign that people use has a name, each form a rule set."""
    words = known(language)
    for unit in ("temperature-celsius", "concentr-percent", "speed-kilometer-per-hour"):
        for count in ("1", "2", "5", "21"):
            counted = words.measure(WrittenNumber(count), unit)
            assert counted is not None
            assert not any(character.isdigit() for character in counted)
    for unit in ("energy-kilowatt-hour", "duration-hour", "duration-minute", "light-lux"):
        assert words.measure(WrittenNumber("2", "5"), unit) is not None
    for form, rules in words.lexicon.numbers.forms.items():
        assert rules in words.numerals._engine.rulesets, form


def test_there_is_a_lexicon_for_each_language_of_xtts() -> None:
    assert languages() >= {code.partition("-")[0] for code in CODES}
