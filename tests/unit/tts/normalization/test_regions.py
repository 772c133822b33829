from __future__ import annotations

import pytest

from wyoming_voice_stack.tts.normalization import normalize


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "March fourth, twenty twenty-six"),
        ("en-US", "March fourth, twenty twenty-six"),
        ("en_US", "March fourth, twenty twenty-six"),
        ("en-GB", "the third of April, twenty twenty-six"),
        ("en-AU", "the third of April, twenty twenty-six"),
        ("de", "dritter April zweitausendsechsundzwanzig"),
        ("de-AT", "dritter April zweitausendsechsundzwanzig"),
        ("fr-CA", "trois avril deux mille vingt-six"),
    ],
)
def test_which_number_is_the_month(language: str, said: str) -> None:
    assert normalize("3/4/2026", language) == said


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("en-US", "105 m", "one hundred five meters"),
        ("en-GB", "105 m", "one hundred and five metres"),
        ("en-XX", "105 m", "one hundred and five meters"),
        ("pt", "17 dias", "dezessete dias"),
        ("pt-PT", "17 dias", "dezassete dias"),
        ("zh-Hans-CN", "17:30", "十七点三十分"),
        ("DE", "17:30", "siebzehn Uhr dreißig"),
    ],
)
def test_words_of_a_region(language: str, text: str, said: str) -> None:
    assert normalize(text, language) == said


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_month_is_found_where_only_one_number_can_be_it(language: str) -> None:
    assert normalize("11/23/2026", language) == normalize("2026-11-23", language)
    assert normalize("23/11/2026", language) == normalize("2026/11/23", language)
