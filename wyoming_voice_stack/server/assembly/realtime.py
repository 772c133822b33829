"""Builds what serves the WebSocket `/v1/realtime`; imported with the first request to the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wyoming_voice_stack.background import OverloadTurns
from wyoming_voice_stack.http.api.elsewhere import Elsewhere
from wyoming_voice_stack.http.api.names import VoiceNames
from wyoming_voice_stack.http.api.realtime.realtime_api import RealtimeApi, RealtimeMode
from wyoming_voice_stack.http.application import RequestPlaces
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.protocol.connection.event_rate import EventRate

if TYPE_CHECKING:
    from wyoming_voice_stack.asr.service import AsrService
    from wyoming_voice_stack.tts.service import TtsService

# Neither process imports what only the other one needs.


def transcription_sockets(
    service: AsrService, places: RequestPlaces, elsewhere: Elsewhere, metrics: Metrics
) -> RealtimeApi:
    """Build the WebSocket of a server that transcribes."""
    from wyoming_voice_stack.http.api.realtime.transcription_session import TranscriptionMode

    return _api(TranscriptionMode(service, elsewhere, metrics), places, elsewhere, metrics)


def speech_sockets(
    service: TtsService,
    voices: VoiceNames,
    places: RequestPlaces,
    elsewhere: Elsewhere,
    metrics: Metrics,
) -> RealtimeApi:
    """Build the WebSocket of a server that speaks."""
    from wyoming_voice_stack.http.api.realtime.speech_session import SpeechMode

    return _api(SpeechMode(service, voices, elsewhere, metrics), places, elsewhere, metrics)


def _api(
    mode: RealtimeMode, places: RequestPlaces, elsewhere: Elsewhere, metrics: Metrics
) -> RealtimeApi:
    turns = OverloadTurns()
    return RealtimeApi(
        mode,
        elsewhere,
        metrics,
        draining=places.drains,
        new_rate=lambda: EventRate(turns).pay,
    )
