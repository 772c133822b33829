"""Languages as clients of the API name them."""

from __future__ import annotations

import pytest

from wyoming_voice_stack.asr.whisper.catalogue import WHISPER_LANGUAGES
from wyoming_voice_stack.http.api.language_names import (
    code_of_language,
    language_name,
    language_tag,
)


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("en", "en"),
        (" EN ", "en"),
        ("German", "de"),
        ("haitian creole", "ht"),
        ("Haitian_Creole", "ht"),
        ("Farsi", "fa"),
        ("zh-TW", "zh"),
        ("zh-HK", "zh"),
        ("pt-BR", "pt"),
        ("nb-NO", "no"),
        ("fil", "tl"),
        ("mi", "mi"),
        ("no", "no"),
        ("jw", "jv"),
        ("auto", "auto"),
        ("Klingon", "Klingon"),
        ("tlh", "tlh"),
    ],
)
def test_tag(text: str, tag: str) -> None:
    assert language_tag(text) == tag


def test_every_language_has_a_name_that_stands_for_it() -> None:
    names = {code: language_name(code) for code in WHISPER_LANGUAGES}
    assert {code_of_language(name): name for name in names.values()} == names
    assert (names["en"], names["yue"], names["he"]) == ("english", "cantonese", "hebrew")
