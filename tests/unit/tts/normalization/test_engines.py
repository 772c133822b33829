"""Engines have their own normalization rules; they must find nothing left to do."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.normalization import Table, normalized
from tests.unit.tts.normalization.languages.test_languages import SENTENCES
from wyoming_voice_stack.tts.engines.coqui.compat import importing

LEFT_OUT = {"en-GB", "pt-BR", "pt-PT", "zh", "zh-CN", "ja", "ko"}
"""Regions, which XTTS does not tell apart, and languages that it transliterates."""
TABLES = [(language, table) for language, table in SENTENCES if language not in LEFT_OUT]


@pytest.mark.parametrize(("language", "table"), TABLES)
def test_xtts_reads_the_words_as_they_are(language: str, table: Table) -> None:
    with importing():
        from TTS.tts.layers.xtts.tokenizer import VoiceBpeTokenizer
    tokenizer = VoiceBpeTokenizer()
    given = [spoken.lower() for spoken in table.values()]
    assert [tokenizer.preprocess_text(spoken, language) for spoken in given] == given


@pytest.mark.parametrize(("language", "table"), TABLES)
def test_spoken_forms_stay_unchanged(language: str, table: Table) -> None:
    spoken = {text: text for text in table.values()}
    assert normalized(spoken, language) == spoken


def test_enough_is_tried() -> None:
    numbers: Counter[str] = Counter()
    for language, table in TABLES:
        numbers[language] += len(table)
    assert min(numbers["en"], numbers["de"]) >= 150
    assert min(numbers[language] for language in ("fr", "es", "it", "nl", "pt", "pl")) >= 20
