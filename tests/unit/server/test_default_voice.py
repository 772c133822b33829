"""What `TTS_MODEL=auto` stands for."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from tests.support.fake_servers.fake_supervisor import TOKEN, supervisor
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.server.assembly.default_voice import with_default_voice


def settings(**given: Any) -> Settings:
    return Settings.model_construct(
        **{"service_mode": "tts", "tts_model": "auto", "tts_language": None, **given}
    )


@pytest.mark.parametrize(
    ("given", "model"),
    [
        ({}, "piper:en_US-lessac-medium"),
        ({"tts_languages": ("fr", "de")}, "piper:fr_FR-siwis-medium"),
        ({"tts_languages": ("fr",), "tts_language": "nl-BE"}, "piper:nl_BE-nathalie-medium"),
        ({"tts_model": "piper:mine.onnx", "tts_languages": ("fr",)}, "piper:mine.onnx"),
        ({"service_mode": "asr"}, "auto"),
    ],
)
async def test_without_a_supervisor(given: dict[str, Any], model: str) -> None:
    assert (await with_default_voice(settings(**given))).tts_model == model


async def test_only_languages_of_the_voice_are_kept() -> None:
    given = settings(tts_language="nl-BE", tts_languages=("fr", "nl", "en"))
    chosen = await with_default_voice(given)
    assert (chosen.tts_language, chosen.tts_languages) == ("nl-BE", ("nl",))
    chosen = await with_default_voice(settings(tts_language="ja", tts_languages=("ja",)))
    assert (chosen.tts_language, chosen.tts_languages) == (None, ())


@pytest.mark.parametrize(
    ("told", "model"),
    [("de", "piper:de_DE-thorsten-medium"), (None, "piper:en_US-lessac-medium")],
)
async def test_the_language_of_home_assistant(told: str | None, model: str) -> None:
    async with supervisor() as fake:
        fake.language = told
        given = settings(supervisor_url=fake.url, supervisor_token=SecretStr(TOKEN))
        assert (await with_default_voice(given)).tts_model == model


async def test_who_named_a_language_is_not_overruled() -> None:
    async with supervisor() as fake:
        token = SecretStr(TOKEN)
        given = settings(supervisor_url=fake.url, supervisor_token=token, tts_languages=("it",))
        assert "it_IT" in (await with_default_voice(given)).tts_model
        assert fake.calls == []


async def test_a_language_that_piper_does_not_speak(caplog: pytest.LogCaptureFixture) -> None:
    chosen = await with_default_voice(settings(tts_languages=("ja",)))
    assert chosen.tts_model == "piper:en_US-lessac-medium"
    assert "no voice for 'ja'" in caplog.text
    assert "XTTS" in caplog.text
