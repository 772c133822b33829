"""Checks of a request against what a loaded voice supports."""

from __future__ import annotations

from collections.abc import Iterable

from wyoming_voice_stack.errors import NoAudio, UnknownLanguage, UnknownVoice
from wyoming_voice_stack.languages import closest_language
from wyoming_voice_stack.tts.engine import SynthesisRequest, Voice


def unsupported_language(subject: str, language: str, supported: Iterable[str]) -> UnknownLanguage:
    """The error for a language that `subject`, such as "Voice 'x'", does not support."""
    return UnknownLanguage(
        f"{subject} does not support language {language!r:.80}. Supported: {', '.join(supported)}."
    )


def require_language(voice: Voice, language: str) -> str:
    """Return the one of the voice's languages in which a text in `language` is spoken.

    Raises:
        UnknownLanguage: the voice does not support the language.
    """
    tag = closest_language(language, voice.languages)
    if tag is None:
        raise unsupported_language(f"Voice {voice.name!r}", language, voice.languages)
    return tag


def require_speaker(voice: Voice, request: SynthesisRequest) -> None:
    """Check that the request is for this voice and for one of its speakers.

    Raises:
        UnknownVoice: it is for another voice, for a cloned one, or for an unknown speaker.
    """
    if request.voice not in {None, voice.name} or request.clone is not None:
        raise UnknownVoice(
            f"The loaded model has only the voice {voice.name!r} and does not support voice cloning."
        )
    if request.speaker and request.speaker not in voice.speakers:
        raise UnknownVoice(
            f"Unknown speaker {request.speaker!r:.80} of voice {voice.name!r}."
            f" Available speakers: {', '.join(voice.speakers) or 'none'}."
        )


def nothing_to_speak() -> NoAudio:
    """The error for a text without words that the voice can pronounce."""
    return NoAudio("The sentence contains nothing to speak. Send words or numbers.")
