"""TTS_VOICE and the languages of a server with Kokoro, before the model is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.kokoro_voices import kokoro_folder
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.errors import ConfigError
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.server.assembly.tts import tts_service
from wyoming_voice_stack.tts.engines.kokoro.engine import KokoroSource
from wyoming_voice_stack.tts.engines.kokoro.voices import PUBLISHED_VOICES
from wyoming_voice_stack.tts.voices.catalogue import VoiceCatalogue

pytestmark = pytest.mark.model

VOICES = ("af_heart", "af_bella", "bf_emma", "ef_dora")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return kokoro_folder(tmp_path / "my-kokoro", *VOICES)


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> list[KokoroSource]:
    """The sources that are made."""
    made: list[KokoroSource] = []

    def note(*args: Any, **options: Any) -> KokoroSource:
        made.append(KokoroSource(*args, **options))
        return made[-1]

    monkeypatch.setattr("wyoming_voice_stack.server.assembly.tts.KokoroSource", note)
    return made


def catalogue(model: str | Path, folder: Path, **given: Any) -> VoiceCatalogue:
    settings = Settings(
        service_mode="tts", tts_model=str(model), models_dir=folder, voices_dir=folder, **given
    )
    store = ModelStore(folder, offline=True)
    return tts_service(settings, Metrics(), store).voices.catalogue


def test_the_voices_of_the_folder_are_listed(folder: Path) -> None:
    voices = catalogue(folder, folder).listed
    assert [voice.name for voice in voices] == list(VOICES)
    assert [voice.language for voice in voices] == ["en-US", "en-US", "en-GB", "es"]


def test_all_published_voices_are_listed_before_the_download(tmp_path: Path) -> None:
    voices = catalogue("kokoro", tmp_path, tts_voice="af_heart+af_bella").listed
    assert [voice.name for voice in voices] == [*PUBLISHED_VOICES, "af_heart+af_bella"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ("af_heart", "en-US")),
        ({"tts_language": "es"}, ("ef_dora", "es")),
        ({"tts_languages": "en-GB,es"}, ("bf_emma", "en-GB")),
        ({"tts_voice": "af_bella"}, ("af_bella", "en-US")),
        ({"tts_voice": "af_heart+af_bella"}, ("af_heart+af_bella", "en-US")),
        ({"tts_voice": "af_heart + af_bella"}, ("af_heart+af_bella", "en-US")),
    ],
)
def test_the_default_voice_is_the_one_that_is_measured_at_start(
    folder: Path, sources: list[KokoroSource], given: dict[str, str], expected: tuple[str, str]
) -> None:
    assert catalogue(folder, folder, **given).default == expected
    assert sources[-1].voice == expected[0]


@pytest.mark.parametrize(
    ("voice", "parts"),
    [
        ("af_hart", ("Unknown voice 'af_hart' in TTS_VOICE", "af_heart, af_bella")),
        ("jf_alpha", ("'jf_alpha'", "Japanese (j) and Chinese (z) voices are not supported")),
        ("af_heart+af_hart", ("TTS_VOICE: ", "'af_hart' in the mixture 'af_heart+af_hart'")),
        ("af_heart+bf_emma", ("TTS_VOICE: ", "speak different languages")),
        ("af_heart+", ("TTS_VOICE: ", "Unknown voice ''")),
    ],
)
def test_a_wrong_voice_is_one_line(folder: Path, voice: str, parts: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        catalogue(folder, folder, tts_voice=voice)
    assert all(part in str(caught.value) for part in parts), caught.value
    assert "\n" not in str(caught.value)


def test_a_language_that_no_voice_speaks_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"TTS_LANGUAGE='de'.*Supported: en-US, en-GB, es\."):
        catalogue(folder, folder, tts_language="de")
