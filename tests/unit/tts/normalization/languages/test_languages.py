from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.normalization import Table, cut, normalized, normalized_texts
from tests.unit.tts.normalization.languages import (
    abbreviations,
    assistants,
    dutch_polish,
    east_asia,
    east_asia_texts,
    english,
    english_awkward,
    english_home,
    everyday_texts,
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
from wyoming_voice_stack.tts.normalization import normalize

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
    ("en", everyday_texts.ENGLISH),
    ("de", everyday_texts.GERMAN),
    ("fr", everyday_texts.FRENCH),
    ("es", everyday_texts.SPANISH),
    ("it", everyday_texts.ITALIAN),
    ("nl", everyday_texts.DUTCH),
    ("pl", everyday_texts.POLISH),
    ("pt", everyday_texts.PORTUGUESE),
    ("ru", everyday_texts.RUSSIAN),
    ("cs", everyday_texts.CZECH),
    ("tr", everyday_texts.TURKISH),
    ("hu", everyday_texts.HUNGARIAN),
    ("zh", everyday_texts.CHINESE),
    ("ja", everyday_texts.JAPANESE),
    ("ko", everyday_texts.KOREAN),
    ("ar", everyday_texts.ARABIC),
    ("en", abbreviations.ENGLISH),
    ("de", abbreviations.GERMAN),
    ("fr", abbreviations.FRENCH),
    ("es", abbreviations.SPANISH),
    ("it", abbreviations.ITALIAN),
    ("nl", abbreviations.DUTCH),
    ("pt", abbreviations.PORTUGUESE),
    ("pl", abbreviations.POLISH),
    ("ru", abbreviations.RUSSIAN),
    ("zh", east_asia_texts.CHINESE),
    ("ja", east_asia_texts.JAPANESE),
    ("ko", east_asia_texts.KOREAN),
]


@pytest.mark.parametrize(("language", "table"), SENTENCES)
def test_sentences_are_normalized(language: str, table: Table) -> None:
    assert normalized(table, language) == table


@pytest.mark.parametrize(("language", "table"), TEXTS)
def test_texts_are_cut_and_normalized(language: str, table: Table) -> None:
    assert normalized_texts(table, language) == table


@pytest.mark.parametrize(("language", "table"), TEXTS)
def test_texts_in_single_characters_are_cut_alike(language: str, table: Table) -> None:
    assert language
    assert [cut(*text) for text in table] == [cut(text) for text in table]


LETTER = r"(?:[^\W\d_]|[\u0300-\u036f\u0900-\u0963])"
"""A letter, or a mark above or below one."""
WORDS = {
    language: sorted(
        {
            word
            for one, table in (*TEXTS, *SENTENCES)
            if one == language
            for spoken in table.values()
            for word in re.findall(rf"(?<![\w'\u2019-]){LETTER}{{5,}}(?![\w'\u2019.-])", spoken)
            if word == word.lower()
        }
    )
    for language in (
        "en",
        "de",
        "fr",
        "es",
        "it",
        "nl",
        "pl",
        "pt",
        "ru",
        "cs",
        "tr",
        "hu",
        "ar",
        "hi",
    )
}
"""Ordinary words of each language."""
texts = st.sampled_from(sorted(WORDS)).flatmap(
    lambda language: st.tuples(
        st.just(language),
        st.lists(
            st.tuples(
                st.sampled_from(WORDS[language]),
                st.sampled_from((" ", " ", " ", ", ", ". ", "! ", "? ", "; ", ": ", ".\n", " - ")),
            ),
            min_size=1,
            max_size=40,
        ),
    )
)


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("mark", [" ", ", ", ". ", ".\n"])
def test_every_ordinary_word_stays(language: str, mark: str) -> None:
    assert WORDS[language]
    check_words(language, [(word, mark) for word in WORDS[language]])


@settings(deadline=None, max_examples=200)
@given(texts)
def test_no_ordinary_word_is_lost_or_changed(text: tuple[str, list[tuple[str, str]]]) -> None:
    check_words(*text)


def check_words(language: str, parts: list[tuple[str, str]]) -> None:
    """Check that each word is spoken once and in order."""
    written = "".join(word + mark for word, mark in parts)
    spoken = " ".join(normalize(sentence, language) for sentence in cut(written))
    assert re.findall(rf"{LETTER}(?:{LETTER}|\d|_)*", spoken) == [word for word, _ in parts]
