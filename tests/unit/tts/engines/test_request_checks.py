from __future__ import annotations

import re
from pathlib import Path

import pytest

from wyoming_voice_stack.errors import EngineError, NoAudio, UnknownLanguage, UnknownVoice
from wyoming_voice_stack.tts.engine import CloneSource, SynthesisRequest, Voice
from wyoming_voice_stack.tts.engines.failures import synthesis_errors
from wyoming_voice_stack.tts.engines.model_files import ModelFiles
from wyoming_voice_stack.tts.engines.request_checks import require_language, require_speaker

ANNA = Voice("anna", ("de-DE", "en"), ("left", "right"))


@pytest.mark.parametrize(
    ("language", "tag"), [("de", "de-DE"), ("de-AT", "de-DE"), ("en-US", "en"), ("en", "en")]
)
def test_the_closest_language_is_used(language: str, tag: str) -> None:
    assert require_language(ANNA, language) == tag


def test_other_languages_are_refused() -> None:
    message = "Voice 'anna' does not support language 'fr'. Supported: de-DE, en."
    with pytest.raises(UnknownLanguage, match=f"^{re.escape(message)}$"):
        require_language(ANNA, "fr")


def test_an_endless_tag_is_shortened() -> None:
    with pytest.raises(UnknownLanguage) as caught:
        require_language(ANNA, "x" * 10_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("voice", "speaker"), [(None, None), ("anna", None), ("anna", "left"), (None, "right")]
)
def test_own_voice_and_speakers_are_accepted(voice: str | None, speaker: str | None) -> None:
    require_speaker(ANNA, SynthesisRequest("yes", "en", voice=voice, speaker=speaker))


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            SynthesisRequest("yes", "en", voice="bob"),
            "The loaded model has only the voice 'anna' and does not support voice cloning.",
        ),
        (
            SynthesisRequest("yes", "en", clone=CloneSource("bob", (), "")),
            "The loaded model has only the voice 'anna' and does not support voice cloning.",
        ),
        (
            SynthesisRequest("yes", "en", speaker="middle"),
            "Unknown speaker 'middle' of voice 'anna'. Available speakers: left, right.",
        ),
    ],
)
def test_other_voices_and_speakers_are_refused(request_: SynthesisRequest, message: str) -> None:
    with pytest.raises(UnknownVoice, match=f"^{re.escape(message)}$"):
        require_speaker(ANNA, request_)


def test_a_voice_without_speakers_has_none() -> None:
    with pytest.raises(UnknownVoice, match=r"Available speakers: none\."):
        require_speaker(Voice("bob", ("en",)), SynthesisRequest("yes", "en", speaker="left"))


def test_failures_keep_their_text_to_themselves() -> None:
    """The message of a library's error may quote the sentence."""
    with (
        pytest.raises(EngineError, match=r"Piper failed .*\(KeyError\)") as caught,
        synthesis_errors("Piper"),
    ):
        raise KeyError("secret")
    assert "secret" not in str(caught.value)
    assert isinstance(caught.value.__cause__, KeyError)


def test_errors_for_clients_pass_as_they_are() -> None:
    error = NoAudio("nothing to speak")
    with pytest.raises(NoAudio) as caught, synthesis_errors("Piper"):
        raise error
    assert caught.value is error


def test_files_on_disk_are_found_and_located(tmp_path: Path) -> None:
    files = ModelFiles.at(tmp_path)
    assert (files.reference, files.find(), files.locate()) == (str(tmp_path), tmp_path, tmp_path)
    assert ModelFiles.at(tmp_path, "my-voice").reference == "my-voice"
