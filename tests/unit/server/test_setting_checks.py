"""Settings that do not fit the model are refused before the port is opened."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.errors import EXIT_CONFIG, ConfigError, ModelNotFound
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.models.hub_model import HubModel
from wyoming_voice_stack.server.app import AssembledServer
from wyoming_voice_stack.server.assembly import assemble
from wyoming_voice_stack.server.assembly.references import model_references

PIPER = "piper:en_US-lessac-medium"
XTTS = "tts_models/multilingual/multi-dataset/xtts_v2"


def assembled(folder: Path, mode: str, **given: Any) -> AssembledServer:
    settings = Settings(service_mode=mode, models_dir=folder, voices_dir=folder, **given)  # type: ignore[arg-type]
    return assemble(settings, Metrics())


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        (
            {"asr_model": "base.en", "asr_language": "de"},
            ("ASR_LANGUAGE='de'", "model base.en", "Supported: en."),
        ),
        ({"asr_model": "base.en", "asr_languages": "en,de"}, ("ASR_LANGUAGES='de'", "base.en")),
        ({"asr_model": "base", "asr_language": "tlh"}, ("ASR_LANGUAGE='tlh'", "model base")),
        ({"asr_model": "base.en,base", "asr_languages": "en,tlh"}, ("'tlh'", "base.en, base")),
    ],
)
def test_language_that_whisper_does_not_support(
    tmp_path: Path, given: dict[str, str], parts: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigError) as caught:
        assembled(tmp_path, "asr", **given)
    assert all(part in str(caught.value) for part in parts), caught.value
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == EXIT_CONFIG


def test_each_language_of_the_household_needs_one_model(tmp_path: Path) -> None:
    assembled(tmp_path, "asr", asr_model="base.en,base", asr_languages="en,de", asr_language="en")


@pytest.mark.model
@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({"tts_language": "de"}, ("TTS_LANGUAGE='de'", "Supported: en-US.")),
        ({"tts_languages": "en,de"}, ("TTS_LANGUAGES='de'", "model en_US-lessac-medium")),
        ({"tts_voice": "jo"}, ("Unknown voice 'jo' in TTS_VOICE", "en_US-lessac-medium")),
        (
            {"tts_model": XTTS, "tts_languages": "en,sv", "coqui_tos_agreed": True},
            ("TTS_LANGUAGES='sv'", "xtts_v2"),
        ),
        (
            {"tts_model": XTTS, "tts_voice": "Daisy", "coqui_tos_agreed": True},
            ("Unknown voice 'Daisy' in TTS_VOICE", "Claribel Dervla, Daisy Studious, ", "38 more"),
        ),
    ],
)
def test_language_or_voice_that_the_speaker_lacks(
    tmp_path: Path, given: dict[str, Any], parts: tuple[str, ...]
) -> None:
    with pytest.raises(ConfigError) as caught:
        assembled(tmp_path, "tts", **{"tts_model": PIPER, **given})
    assert all(part in str(caught.value) for part in parts), caught.value


@pytest.mark.model
def test_what_the_model_has_or_may_have(tmp_path: Path) -> None:
    given = {"tts_language": "en-GB", "tts_languages": "en", "tts_voice": "en_US-lessac-medium"}
    assembled(tmp_path, "tts", tts_model=PIPER, **given)
    # The speakers of XTTS v2 are known; XTTS v1 names its voices, and other Coqui models their
    # languages, once they are downloaded.
    for voice in ("Daisy Studious", "Marcos Rudaski [de]", "default"):
        assembled(tmp_path, "tts", tts_model=XTTS, tts_voice=voice, coqui_tos_agreed=True)
    old = XTTS.replace("v2", "v1.1")
    assembled(tmp_path, "tts", tts_model=old, tts_voice="Daisy", coqui_tos_agreed=True)
    several = "tts_models/multilingual/multi-dataset/your_tts"
    assembled(tmp_path, "tts", tts_model=several, tts_language="fr")


@pytest.mark.model
def test_how_to_add_a_language_to_xtts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = "wyoming_voice_stack.tts.engines.xtts.language_codes._NEEDED_MODULES"
    monkeypatch.setattr(codes, {"ja": ("no_such_package",)})
    with pytest.raises(ConfigError, match=r"TTS_LANGUAGE='ja'.*run: pip install '.*\[ja\]'"):
        assembled(tmp_path, "tts", tts_model=XTTS, tts_language="ja", coqui_tos_agreed=True)


@pytest.mark.model
@pytest.mark.parametrize(
    ("mode", "name", "asked"),
    [
        ("asr", "org/whisper", ["org/whisper"]),
        ("asr", "base", []),
        ("tts", "piper:en_US-nobody-low", ["rhasspy/piper-voices"]),
        ("tts", "piper:en_US-lessac-medium", []),
    ],
)
def test_the_hub_is_asked_for_names_that_only_the_user_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, name: str, asked: list[str]
) -> None:
    models = []

    def refuse(model: HubModel, root: Path) -> None:
        assert root == tmp_path
        models.append(model.repo_id)
        raise ModelNotFound("no such model")

    monkeypatch.setattr(model_references, "require_on_hub", refuse)
    with pytest.raises(ModelNotFound) if asked else nullcontext():
        assembled(tmp_path, mode, **{f"{mode}_model": name})
    assert models == asked
