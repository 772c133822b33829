from __future__ import annotations

import pytest

from wyoming_voice_stack.tts.normalization import normalize

REGIONS = [
    ("en", "3/4/2026", "March fourth, twenty twenty-six"),
    ("en-US", "3/4/2026", "March fourth, twenty twenty-six"),
    ("en_US", "3/4/2026", "March fourth, twenty twenty-six"),
    ("en-GB", "3/4/2026", "the third of April, twenty twenty-six"),
    ("en-AU", "3/4/2026", "the third of April, twenty twenty-six"),
    ("de", "3/4/2026", "dritter April zweitausendsechsundzwanzig"),
    ("de-AT", "3/4/2026", "dritter April zweitausendsechsundzwanzig"),
    ("fr-CA", "3/4/2026", "trois avril deux mille vingt-six"),
    ("en-US", "105 m", "one hundred five meters"),
    ("en-GB", "105 m", "one hundred and five metres"),
    ("en-XX", "105 m", "one hundred and five meters"),
    ("pt", "17 dias", "dezessete dias"),
    ("pt-PT", "17 dias", "dezassete dias"),
    ("zh-Hans-CN", "17:30", "十七点三十分"),
    ("DE", "17:30", "siebzehn Uhr dreißig"),
]


@pytest.mark.parametrize(("language", "text", "spoken"), REGIONS)
def test_the_region_decides(language: str, text: str, spoken: str) -> None:
    assert normalize(text, language) == spoken


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_month_is_found_where_only_one_number_can_be_it(language: str) -> None:
    assert normalize("11/23/2026", language) == normalize("2026-11-23", language)
    assert normalize("23/11/2026", language) == normalize("2026/11/23", language)
