"""Chooses the voice for `TTS_MODEL=auto`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from wyoming_voice_stack.announce.supervisor import Supervisor, home_language
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.languages import closest_language
from wyoming_voice_stack.server.assembly.default_engine import Measure, reason_for_piper
from wyoming_voice_stack.server.assembly.references.kokoro_references import KOKORO
from wyoming_voice_stack.server.assembly.references.piper_references import PIPER_SCHEME
from wyoming_voice_stack.tts.engines.kokoro.voices import LANGUAGES as KOKORO_LANGUAGES
from wyoming_voice_stack.tts.engines.kokoro.voices import PUBLISHED_VOICES
from wyoming_voice_stack.tts.engines.piper.default_voices import voice_for_language

_LOGGER = logging.getLogger(__name__)

_FALLBACK_LANGUAGE = "en"


async def with_default_voice(settings: Settings, measure: Measure | None = None) -> Settings:
    """Replace `TTS_MODEL=auto` by Kokoro, or by a Piper voice in the language of the household.

    Without `measure`, Kokoro is used only where its speed has been measured before.
    """
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
    shown = language or "an unknown language"
    reason = ""
    if closest_language(language or _FALLBACK_LANGUAGE, [_FALLBACK_LANGUAGE]):
        # It may measure for a second or two.
        piper = await asyncio.to_thread(reason_for_piper, settings, str(voice), measure)
        if piper is None:
            _LOGGER.info("TTS_MODEL=auto: Kokoro, for %s", shown)
            chosen = _with_model(settings, KOKORO, tuple(KOKORO_LANGUAGES.values()))
            name = settings.tts_voice or _kokoro_voice(language or _FALLBACK_LANGUAGE)
            return chosen.model_copy(update={"tts_voice": name})
        reason = f". Not Kokoro: {piper}"
    _LOGGER.info("TTS_MODEL=auto: %s, for %s%s", voice, shown, reason)
    return _with_model(settings, f"{PIPER_SCHEME}{voice}", str(voice).partition("-")[:1])


def _with_model(settings: Settings, model: str, spoken: tuple[str, ...]) -> Settings:
    # Languages of the household that the model lacks must not fail as wrong settings.
    return settings.model_copy(
        update={
            "tts_model": model,
            "tts_language": next(iter(_spoken([settings.tts_language], spoken)), None),
            "tts_languages": _spoken(settings.tts_languages, spoken),
        }
    )


def _kokoro_voice(language: str) -> str:
    """Return the first voice of the nearest region."""
    nearest = closest_language(language, KOKORO_LANGUAGES.values())
    fitting = [name for name in PUBLISHED_VOICES if KOKORO_LANGUAGES[name[0]] == nearest]
    return (fitting or PUBLISHED_VOICES)[0]


def _spoken(wanted: Iterable[str | None], by_voice: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(tag for tag in wanted if tag and closest_language(tag, by_voice))
