"""Requests that a loaded single-voice model does not support."""

from __future__ import annotations

import re

import pytest

from tests.support.engines import spoken
from wyoming_voice_stack.errors import UnknownLanguage, UnknownVoice
from wyoming_voice_stack.tts.engine import CloneSource, SpeechSynthesizer, SynthesisRequest


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        (
            "joe",
            "Voice 'en_US-joe-medium' does not support language 'de'. Supported: en-US.",
        ),
        (
            "vits_of_many",
            "Voice 'many' does not support language 'de'. Supported: en, fr-FR, pt-BR.",
        ),
    ],
)
def test_other_languages(engine: str, message: str, request: pytest.FixtureRequest) -> None:
    loaded: SpeechSynthesizer = request.getfixturevalue(engine)
    with pytest.raises(UnknownLanguage, match=f"^{re.escape(message)}$"):
        spoken(loaded, SynthesisRequest("ja", "de"))


@pytest.mark.parametrize(
    "asked",
    [
        SynthesisRequest("yes", "en", voice="nobody"),
        SynthesisRequest("yes", "en", speaker="p226\n"),
        SynthesisRequest("yes", "en", clone=CloneSource("anna", (), "")),
    ],
    ids=["voice", "speaker", "clone"],
)
@pytest.mark.parametrize("engine", ["joe", "vits_of_many"])
def test_other_voices(engine: str, asked: SynthesisRequest, request: pytest.FixtureRequest) -> None:
    loaded: SpeechSynthesizer = request.getfixturevalue(engine)
    with pytest.raises(UnknownVoice, match=loaded.card.voices[0].name):
        spoken(loaded, asked)
