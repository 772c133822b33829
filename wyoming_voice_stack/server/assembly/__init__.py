"""Builds a service from the settings: the one place that knows every engine."""

from __future__ import annotations

from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.errors import ConfigError
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.server.app import AssembledServer
from wyoming_voice_stack.server.assembly.http import HttpSide, other_port
from wyoming_voice_stack.server.assembly.model_check import CheckedService


def assemble(settings: Settings, metrics: Metrics) -> AssembledServer:
    """Build the server that `settings.service_mode` selects; nothing is loaded yet.

    Raises:
        ModelError: the model cannot be used as configured, or its licence is not accepted.
        ConfigError: no mode is set.
    """
    store = ModelStore(settings.models_dir)
    # Neither process imports what only the other one needs.
    if settings.service_mode == "asr":
        from wyoming_voice_stack.protocol.asr_session import AsrFrontEnd
        from wyoming_voice_stack.server.assembly.asr import asr_service

        asr = asr_service(settings, metrics, store)
        checked = CheckedService(asr, store.used_folders)
        front_end = AsrFrontEnd(asr, tts_port=other_port(settings))
        http = HttpSide(settings, metrics, checked, store, asr=asr)
        return AssembledServer(checked, front_end, http.late_routes)
    if settings.service_mode == "tts":
        from wyoming_voice_stack.protocol.tts_session import TtsFrontEnd
        from wyoming_voice_stack.server.assembly.tts import tts_service

        tts = tts_service(settings, metrics, store)
        checked = CheckedService(tts, store.used_folders)
        tts_front_end = TtsFrontEnd(tts, asr_port=other_port(settings))
        http = HttpSide(settings, metrics, checked, store, tts=tts)
        return AssembledServer(checked, tts_front_end, http.late_routes)
    raise ConfigError("SERVICE_MODE is not set; set it to asr or tts, or give --mode.")
