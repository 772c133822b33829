"""The `info` events: what Home Assistant shows of the server and its models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wyoming.event import Event
from wyoming.info import (
    AsrModel,
    AsrProgram,
    Attribution,
    Info,
    TtsProgram,
    TtsVoice,
    TtsVoiceSpeaker,
)

from wyoming_voice_stack import __version__

if TYPE_CHECKING:
    # Each server imports this module, and neither needs the modules of the other.
    from wyoming_voice_stack.asr.service import AsrModelCard
    from wyoming_voice_stack.tts.voices.catalogue import ListedVoice, VoiceCatalogue

ASR_PROGRAM = "Voice Stack STT"
TTS_PROGRAM = "Voice Stack TTS"
"""Name of the entity in Home Assistant and part of its identity there, so it must never change."""

PROJECT = Attribution(name="wyoming-voice-stack", url="")


def asr_info(
    models: Sequence[AsrModelCard], served: str, *, streams_text: bool, detects_endpoint: bool
) -> Event:
    """Make the `info` event of a speech-to-text server; `served` are its model, language and device."""
    program = AsrProgram(
        name=ASR_PROGRAM,
        attribution=PROJECT,
        installed=True,
        description=f"Speech to text with {models[0].family.name}: {served}",
        version=__version__,
        models=[_asr_model(model) for model in models],
        supports_transcript_streaming=streams_text,
        requires_external_vad=not detects_endpoint,
        # Measured: noise reduction adds word errors, and gain control changes none.
        prefers_auto_gain_enabled=False,
        prefers_noise_reduction_enabled=False,
    )
    return Info(asr=[program]).event()


def _asr_model(model: AsrModelCard) -> AsrModel:
    return AsrModel(
        name=model.name,
        attribution=Attribution(name=model.family.authors, url=model.family.url),
        installed=True,
        description=f"{model.family.name} {model.name}",
        version=None,
        languages=list(model.languages),
    )


def tts_info(catalogue: VoiceCatalogue, served: str) -> Event:
    """Make the `info` event of a text-to-speech server; `served` are its model, voice and device."""
    card = catalogue.card
    engine = Attribution(name=card.attribution_name, url=card.attribution_url)
    program = TtsProgram(
        name=TTS_PROGRAM,
        attribution=PROJECT,
        installed=True,
        description=f"{card.description}: {served}",
        version=__version__,
        voices=[_tts_voice(voice, engine) for voice in catalogue.listed],
        supports_synthesize_streaming=True,
    )
    return Info(tts=[program]).event()


def _tts_voice(voice: ListedVoice, engine: Attribution) -> TtsVoice:
    return TtsVoice(
        name=voice.name,
        attribution=engine,
        installed=True,
        description=voice.description,
        version=None,
        languages=[voice.language],
        speakers=[TtsVoiceSpeaker(name=name) for name in voice.speakers] or None,
    )
