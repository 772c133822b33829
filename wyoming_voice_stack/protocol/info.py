"""The `info` events: what Home Assistant shows of the server and its models."""

from __future__ import annotations

from collections.abc import Sequence

from wyoming.event import Event
from wyoming.info import AsrModel, AsrProgram, Attribution, Info

from wyoming_voice_stack import __version__
from wyoming_voice_stack.asr.service import AsrModelCard

ASR_PROGRAM = "Voice Stack STT"
"""Name of the entity in Home Assistant and part of its identity there, so it must never change."""

PROJECT = Attribution(name="wyoming-voice-stack", url="")
_WHISPER = Attribution(name="OpenAI, SYSTRAN", url="https://github.com/SYSTRAN/faster-whisper")


def asr_info(
    models: Sequence[AsrModelCard], *, streams_text: bool, detects_endpoint: bool
) -> Event:
    """Make the `info` event of a speech-to-text server."""
    program = AsrProgram(
        name=ASR_PROGRAM,
        attribution=PROJECT,
        installed=True,
        description="Speech to text with Whisper",
        version=__version__,
        models=[_asr_model(model) for model in models],
        supports_transcript_streaming=streams_text,
        requires_external_vad=not detects_endpoint,
    )
    return Info(asr=[program]).event()


def _asr_model(model: AsrModelCard) -> AsrModel:
    return AsrModel(
        name=model.name,
        attribution=_WHISPER,
        installed=True,
        description=f"Whisper {model.name}",
        version=None,
        languages=list(model.languages),
    )
