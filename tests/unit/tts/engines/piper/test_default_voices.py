from __future__ import annotations

import pytest

from wyoming_voice_stack.tts.engines.piper.default_voices import default_voices, voice_for_language
from wyoming_voice_stack.tts.engines.piper.engine import piper_hub_path


@pytest.mark.parametrize(
    ("language", "prefix"),
    [
        ("de", "de_DE-"),
        ("de-AT", "de_DE-"),
        ("en", "en_US-"),
        ("en-GB", "en_GB-"),
        ("pt-BR", "pt_BR-"),
        ("pt_PT", "pt_PT-"),
        ("es-419", "es_MX-"),
        ("nb", "no_NO-"),
        ("zh-Hans", "zh_CN-"),
        ("zh-Hant", "zh_CN-"),
        ("sr-Latn", "sr_RS-"),
    ],
)
def test_a_language_has_a_voice(language: str, prefix: str) -> None:
    voice = voice_for_language(language)
    assert voice is not None
    assert voice.startswith(prefix)


@pytest.mark.parametrize("language", ["ja", "ko", "he", "", "no language", "x" * 1000])
def test_languages_without_a_piper_voice(language: str) -> None:
    assert voice_for_language(language) is None


def test_all_are_names_of_the_hub() -> None:
    assert len(set(default_voices())) == len(default_voices()) > 35
    for voice in default_voices():
        assert piper_hub_path(voice)[0].endswith(f"/{voice}.onnx")
