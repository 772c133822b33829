"""The default voice where each voice speaks one language, as Kokoro's do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.fakes import FAKE_CARD
from wyoming_voice_stack.errors import UnknownLanguage
from wyoming_voice_stack.tts.engine import Voice
from wyoming_voice_stack.tts.voices.catalogue import VoiceCatalogue, VoiceRequest

CARD = replace(
    FAKE_CARD,
    languages=("en-US", "en-GB", "es"),
    voices=(
        Voice("heart", ("en-US",)),
        Voice("emma", ("en-GB",)),
        Voice("dora", ("es",)),
        Voice("alex", ("es",)),
    ),
    clones=False,
)


@pytest.mark.parametrize(
    ("language", "household", "expected"),
    [
        (None, (), ("heart", "en-US")),
        ("es-MX", (), ("dora", "es")),
        (None, ("de", "es", "en"), ("dora", "es")),
        ("en-GB", ("es",), ("emma", "en-GB")),
        ("de", (), ("heart", "en-US")),
    ],
)
def test_the_default_speaks_the_language_of_the_household(
    language: str | None, household: tuple[str, ...], expected: tuple[str, str]
) -> None:
    catalogue = VoiceCatalogue(CARD, {}, household, None, language)
    assert catalogue.default == expected


@pytest.mark.parametrize(
    ("voice", "language", "expected"),
    [
        (None, "es", "dora"),
        (None, "en-AU", "heart"),
        ("alex", "es-ES", "alex"),
        ("alex", "en", "heart"),
        ("alex", None, "alex"),
    ],
)
def test_a_request_without_a_voice_gets_one_of_its_language(
    voice: str | None, language: str | None, expected: str
) -> None:
    catalogue = VoiceCatalogue(CARD, {}, default_voice=voice)
    assert catalogue.select(VoiceRequest(language=language)).voice == expected


def test_a_default_voice_with_its_language_stays_where_it_speaks_others_too() -> None:
    voices = (Voice("bob", ("en", "de")), Voice("anna", ("en", "de")))
    card = replace(CARD, languages=("en", "de"), voices=voices)
    catalogue = VoiceCatalogue(card, {}, default_voice="anna [en]")
    chosen = catalogue.select(VoiceRequest(language="de"))
    assert (chosen.voice, chosen.languages) == ("anna", ("en",))


@pytest.mark.parametrize(("name", "language"), [("dora", "en"), (None, "de")])
def test_a_language_that_is_not_spoken_is_an_error(name: str | None, language: str) -> None:
    with pytest.raises(UnknownLanguage):
        VoiceCatalogue(CARD, {}).select(VoiceRequest(name, language))
