"""Engines have rules of their own for what is written; they must find nothing left to do."""

from __future__ import annotations

import pytest

from tests.unit.tts.normalization.languages.test_dutch_polish import DUTCH, POLISH
from tests.unit.tts.normalization.languages.test_english import ENGLISH
from tests.unit.tts.normalization.languages.test_english_home import ENGLISH as ENGLISH_AT_HOME
from tests.unit.tts.normalization.languages.test_german import GERMAN
from tests.unit.tts.normalization.languages.test_german_home import GERMAN as GERMAN_AT_HOME
from tests.unit.tts.normalization.languages.test_more_languages import (
    ARABIC,
    CZECH,
    HINDI,
    HUNGARIAN,
    RUSSIAN,
    TURKISH,
)
from tests.unit.tts.normalization.languages.test_romance import FRENCH, ITALIAN, PORTUGUESE, SPANISH
from wyoming_voice_stack.tts.engines.coqui.compat import importing
from wyoming_voice_stack.tts.normalization import normalize

TABLES = [
    ("en", ENGLISH | ENGLISH_AT_HOME),
    ("de", GERMAN | GERMAN_AT_HOME),
    ("fr", FRENCH),
    ("es", SPANISH),
    ("it", ITALIAN),
    ("pt", PORTUGUESE),
    ("nl", DUTCH),
    ("pl", POLISH),
    ("tr", TURKISH),
    ("ru", RUSSIAN),
    ("cs", CZECH),
    ("hu", HUNGARIAN),
    ("ar", ARABIC),
    ("hi", HINDI),
]


@pytest.mark.parametrize(("language", "table"), TABLES)
def test_xtts_reads_the_words_as_they_are(language: str, table: dict[str, str]) -> None:
    with importing():
        from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
    tokenizer = VoiceBpeTokenizer()
    given = [said.lower() for said in table.values()]
    assert [tokenizer.preprocess_text(said, language) for said in given] == given


@pytest.mark.parametrize(("language", "table"), TABLES)
def test_what_is_said_is_said_the_same_again(language: str, table: dict[str, str]) -> None:
    said = list(table.values())
    assert [normalize(text, language) for text in said] == said


def test_enough_is_tried() -> None:
    numbers = {language: len(table) for language, table in TABLES}
    assert min(numbers["en"], numbers["de"]) >= 150
    assert min(numbers[language] for language in ("fr", "es", "it", "nl", "pt", "pl")) >= 20
