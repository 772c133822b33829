from __future__ import annotations

import pytest

from tests.support.normalization import Table, normalized, normalized_texts
from tests.unit.tts.normalization.languages import (
    assistants,
    dutch_polish,
    east_asia,
    english,
    english_awkward,
    english_home,
    german,
    german_awkward,
    german_home,
    home_reports,
    inflected,
    lookalikes,
    more_languages,
    romance,
    romance_dutch_awkward,
    slavic_cases,
)

SENTENCES = [
    ("en", english.ENGLISH),
    ("en", english_home.ENGLISH),
    ("en-GB", english_home.BRITISH),
    ("de", german.GERMAN),
    ("de", german_home.GERMAN),
    ("nl", dutch_polish.DUTCH),
    ("pl", dutch_polish.POLISH),
    ("fr", romance.FRENCH),
    ("es", romance.SPANISH),
    ("it", romance.ITALIAN),
    ("pt", romance.PORTUGUESE),
    ("pt-BR", romance.BRAZILIAN),
    ("pt-PT", romance.EUROPEAN_PORTUGUESE),
    ("tr", more_languages.TURKISH),
    ("ru", more_languages.RUSSIAN),
    ("cs", more_languages.CZECH),
    ("ru", slavic_cases.RUSSIAN),
    ("pl", slavic_cases.POLISH),
    ("cs", slavic_cases.CZECH),
    ("ru", inflected.RUSSIAN),
    ("pl", inflected.POLISH),
    ("cs", inflected.CZECH),
    ("tr", inflected.TURKISH),
    ("hu", inflected.HUNGARIAN),
    ("hu", more_languages.HUNGARIAN),
    ("ar", more_languages.ARABIC),
    ("hi", more_languages.HINDI),
    ("zh", east_asia.CHINESE),
    ("zh-CN", east_asia.MAINLAND_CHINESE),
    ("ja", east_asia.JAPANESE),
    ("ko", east_asia.KOREAN),
]
TEXTS = [
    ("en", english_awkward.ENGLISH),
    ("de", german_awkward.GERMAN),
    ("fr", romance_dutch_awkward.FRENCH),
    ("es", romance_dutch_awkward.SPANISH),
    ("it", romance_dutch_awkward.ITALIAN),
    ("nl", romance_dutch_awkward.DUTCH),
    ("en", assistants.ENGLISH),
    ("de", assistants.GERMAN),
    ("fr", assistants.FRENCH),
    ("es", assistants.SPANISH),
    ("it", assistants.ITALIAN),
    ("nl", assistants.DUTCH),
    ("pl", assistants.POLISH),
    ("pt", assistants.PORTUGUESE),
    ("ru", assistants.RUSSIAN),
    ("cs", assistants.CZECH),
    ("tr", assistants.TURKISH),
    ("hu", assistants.HUNGARIAN),
    ("ar", assistants.ARABIC),
    ("hi", assistants.HINDI),
    ("zh", assistants.CHINESE),
    ("ja", assistants.JAPANESE),
    ("ko", assistants.KOREAN),
    ("en", lookalikes.ENGLISH),
    ("de", lookalikes.GERMAN),
    ("fr", lookalikes.FRENCH),
    ("es", lookalikes.SPANISH),
    ("pt", lookalikes.PORTUGUESE),
    ("it", lookalikes.ITALIAN),
    ("pl", lookalikes.POLISH),
    ("ru", lookalikes.RUSSIAN),
    ("hu", lookalikes.HUNGARIAN),
    ("en", home_reports.ENGLISH),
    ("de", home_reports.GERMAN),
    ("fr", home_reports.FRENCH),
    ("es", home_reports.SPANISH),
    ("it", home_reports.ITALIAN),
    ("nl", home_reports.DUTCH),
    ("pt", home_reports.PORTUGUESE),
    ("pl", home_reports.POLISH),
    ("cs", home_reports.CZECH),
    ("tr", home_reports.TURKISH),
    ("ru", home_reports.RUSSIAN),
]


@pytest.mark.parametrize(("language", "table"), SENTENCES)
def test_sentences_are_normalized(language: str, table: Table) -> None:
    assert normalized(table, language) == table


@pytest.mark.parametrize(("language", "table"), TEXTS)
def test_texts_are_cut_and_normalized(language: str, table: Table) -> None:
    assert normalized_texts(table, language) == table
