"""Chooses the voice for `TTS_MODEL=auto`."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from wyoming_voice_stack.announce.supervisor import Supervisor, home_language
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.languages import closest_language
from wyoming_voice_stack.server.assembly.references.piper_references import PIPER_SCHEME
from wyoming_voice_stack.tts.engines.piper.default_voices import voice_for_language

_LOGGER = logging.getLogger(__name__)

_FALLBACK_LANGUAGE = "en"


async def with_default_voice(settings: Settings) -> Settings:
    """Replace `TTS_MODEL=auto` by a Piper voice in the language of the household."""
    if settings.service_mode != "tts" or settings.tts_model != "auto":
        return settings
    language = next(iter((*filter(None, [settings.tts_language]), *settings.tts_languages)), None)
    token = settings.supervisor_token
    if language is None and token and token.get_secret_value():
        supervisor = Supervisor(settings.supervisor_url, token.get_secret_value())
        language = await home_language(supervisor)
    voice = voice_for_language(language or _FALLBACK_LANGUAGE)
    if voice is None:
        voice = voice_for_language(_FALLBACK_LANGUAGE)
        _LOGGER.warning(
            "Piper has no voice for %r, so an English voice is used. Set TTS_MODEL to another"
            " voice, or to XTTS if it supports the language.",
            language,
        )
    _LOGGER.info("TTS_MODEL=auto: %s, for %s", voice, language or "an unknown language")
    # The voice has one language: those of the household that it lacks must not fail as wrong settings.
    spoken = str(voice).partition("-")[:1]
    return settings.model_copy(
        update={
            "tts_model": f"{PIPER_SCHEME}{voice}",
            "tts_language": next(iter(_spoken([settings.tts_language], spoken)), None),
            "tts_languages": _spoken(settings.tts_languages, spoken),
        }
    )


def _spoken(wanted: Iterable[str | None], by_voice: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(tag for tag in wanted if tag and closest_language(tag, by_voice))
