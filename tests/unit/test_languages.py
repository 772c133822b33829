from __future__ import annotations

import pytest
from langcodes import Language, language_distance

from wyoming_voice_stack import languages as languages_module
from wyoming_voice_stack.languages import (
    closest_language,
    household_languages,
    is_language,
    language_code,
)
from wyoming_voice_stack.tts.text.language.tags import bcp47

XTTS = ("en", "es", "fr", "de", "pt", "zh-CN", "ja")


@pytest.mark.parametrize(
    ("desired", "supported", "expected"),
    [
        ("en", ("en-US", "en-GB"), "en-US"),
        ("en-GB", ("en-US", "en-GB"), "en-GB"),
        ("EN_us", XTTS, "en"),
        ("de-AT", XTTS, "de"),
        ("pt-BR", XTTS, "pt"),
        ("zh", XTTS, "zh-CN"),
        ("zh-Hans", XTTS, "zh-CN"),
        ("nb", ("no", "sv"), "no"),
        # Neighbours are not good enough: a Spanish voice does not speak Catalan.
        ("ca", XTTS, None),
        ("gl", XTTS, None),
        ("zh-TW", XTTS, None),
        ("xx", XTTS, None),
        ("", XTTS, None),
        ("../de", XTTS, None),
        ("d" * 5000, XTTS, None),
        ("\ud83d", XTTS, None),
        ("und", XTTS, None),
        ("de", (), None),
    ],
)
def test_closest(desired: str, supported: tuple[str, ...], expected: str | None) -> None:
    assert closest_language(desired, supported) == expected


def test_household() -> None:
    assert household_languages(("de-DE", "en", "xx", "de"), XTTS) == ("de", "en")
    assert household_languages((), XTTS) == XTTS
    assert household_languages(("xx",), XTTS) == XTTS


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("German", "de"),
        ("german", "de"),
        ("Deutsch", "de"),
        ("Brazilian Portuguese", "pt-BR"),
        ("cantonese", "yue"),
        ("русский", "ru"),
        ("Klingonese", None),
        ("", None),
    ],
)
def test_names_of_languages(name: str, code: str | None) -> None:
    assert language_code(name) == code


class TestTagsOfClients:
    """langcodes keeps what it parsed for ever."""

    @pytest.fixture(autouse=True)
    def bounds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(languages_module, "MAX_PARSED_TAGS", 20)
        monkeypatch.setattr(languages_module, "MAX_DISTANCES", 50)

    def test_any_number_of_them_takes_bounded_memory(self) -> None:
        for number in range(100):
            tag = f"de-x-{number:08}"
            assert closest_language(tag, XTTS) == "de"
            assert is_language(tag)
            assert bcp47(tag) == "de"
        for first in "abcdefghij":
            for second in "abcdefghij":
                closest_language(f"{first}{second}", XTTS)
        assert len(Language._PARSE_CACHE) < 100
        assert len(Language._INSTANCES) < 200
        assert len(language_distance._DISTANCE_CACHE) < 100

    def test_a_supported_tag_is_not_parsed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def unexpected(*_: object, **__: object) -> None:
            pytest.fail("parsed")

        monkeypatch.setattr(languages_module, "closest_supported_match", unexpected)
        assert closest_language("zh-CN", XTTS) == "zh-CN"
