from __future__ import annotations

import pytest

from wyoming_voice_stack.languages import closest_language, household_languages, language_code

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
