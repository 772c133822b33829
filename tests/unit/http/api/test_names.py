"""Which model and which voice a name in a request stands for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.fakes import FAKE_CARD
from wyoming_voice_stack.asr.service import AsrModelCard
from wyoming_voice_stack.errors import UnknownModel, UnknownVoice
from wyoming_voice_stack.http.api.names import (
    ASR_ALIASES,
    OPENAI_VOICES,
    TTS_ALIASES,
    VoiceNames,
    asr_model,
    tts_model,
)
from wyoming_voice_stack.tts.engine import Voice
from wyoming_voice_stack.tts.voices.catalogue import VoiceCatalogue, VoiceRequest

CARDS = (AsrModelCard("base", ("en",)), AsrModelCard("org/gpt-4o-transcribe", ("de",)))
VOICES = VoiceCatalogue(FAKE_CARD, {})


class TestModels:
    @pytest.mark.parametrize(
        "name",
        [
            *ASR_ALIASES,
            "gpt-4o-transcribe-diarize",
            "gpt-live-transcribe",
            "gpt-realtime-whisper",
            "gpt-realtime-2.1-mini",
            "GPT-Transcribe",
            "",
            "  ",
            None,
        ],
    )
    def test_names_for_the_default_of_speech_to_text(self, name: str | None) -> None:
        assert asr_model(name, CARDS) is None

    @pytest.mark.parametrize("name", ["base", "org/gpt-4o-transcribe", "whisper-large-v3", "tts-1"])
    def test_other_names_go_to_the_service(self, name: str) -> None:
        assert asr_model(f" {name} ", CARDS) == name

    def test_own_names_come_first(self) -> None:
        assert asr_model("whisper-1", (*CARDS, AsrModelCard("whisper-1", ("en",)))) == "whisper-1"

    @pytest.mark.parametrize(
        "name",
        [
            *TTS_ALIASES,
            "tts-1-1106",
            "gpt-4o-mini-tts-2025-12-15",
            "gpt-realtime-2.1-mini",
            "piper:x",
            "",
            None,
        ],
    )
    def test_names_for_the_model_of_text_to_speech(self, name: str | None) -> None:
        tts_model(name, "piper:x")

    @pytest.mark.parametrize("name", ["piper:y", "whisper-1", "tts-2", "gpt-4o", "my-tts-1"])
    def test_unknown_models_of_text_to_speech(self, name: str) -> None:
        with pytest.raises(UnknownModel, match=r"Available: piper:x\."):
            tts_model(name, "piper:x")


class TestVoices:
    @pytest.mark.parametrize("name", [*OPENAI_VOICES, "Alloy", "", " ", None])
    def test_names_for_the_default(self, name: str | None) -> None:
        assert VoiceNames(lambda: VOICES).resolve(name) == VoiceRequest()

    @pytest.mark.parametrize("name", ["anna", "anna [de]", "bert", "default"])
    def test_own_names(self, name: str) -> None:
        voices = VoiceNames(lambda: VOICES, lambda: {"anna": "bert"})
        assert voices.resolve(f" {name}") == VoiceRequest(name)

    def test_a_voice_of_this_server_comes_before_one_of_openai(self) -> None:
        card = replace(FAKE_CARD, voices=(*FAKE_CARD.voices, Voice("alloy", ("en",))))
        voices = VoiceNames(lambda: VoiceCatalogue(card, {}), lambda: {"alloy": "bert"})
        assert voices.resolve("alloy") == VoiceRequest("alloy")

    def test_aliases_come_before_the_default(self) -> None:
        aliases = {"alloy": "anna [de]", "Boss": "bert"}
        voices = VoiceNames(lambda: VOICES, lambda: aliases)
        assert voices.resolve("Alloy") == VoiceRequest("anna [de]", alias="Alloy")
        assert voices.resolve("boss") == VoiceRequest("bert", alias="boss")
        assert voices.resolve("nova") == VoiceRequest()
        aliases.clear()
        assert voices.resolve("alloy") == VoiceRequest()

    def test_a_speaker_of_a_voice(self) -> None:
        voices = VoiceNames(lambda: VOICES, lambda: {"echo": "bert#two", "sage": "bert#three"})
        assert voices.resolve("bert#two") == VoiceRequest("bert", speaker="two")
        assert voices.resolve("echo") == VoiceRequest("bert", speaker="two", alias="echo")
        assert VOICES.select(voices.resolve("bert#1")).speaker == "two"
        assert voices.resolve("clara#two") == VoiceRequest("clara#two")
        with pytest.raises(UnknownVoice, match=r"'three' of voice 'bert'.*: one, two"):
            VOICES.select(voices.resolve("sage"))

    def test_the_mark_of_a_speaker_may_be_part_of_a_name(self) -> None:
        card = replace(FAKE_CARD, voices=(*FAKE_CARD.voices, Voice("bert#two", ("en",))))
        voices = VoiceNames(lambda: VoiceCatalogue(card, {}))
        assert voices.resolve("bert#two") == VoiceRequest("bert#two")

    def test_unknown_voices_are_refused_by_the_catalogue(self) -> None:
        voices = VoiceNames(lambda: VOICES, lambda: {"nova": "clara"})
        with pytest.raises(UnknownVoice, match=r"^Unknown voice 'dora'\. Available voices: anna"):
            VOICES.select(voices.resolve("dora"))
        with pytest.raises(UnknownVoice, match=r"'clara', which the alias 'nova' stands for\. Av"):
            VOICES.select(voices.resolve("nova"))
