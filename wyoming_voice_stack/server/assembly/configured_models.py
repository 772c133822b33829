"""Lists the models that the settings name, so that they can be downloaded before a server runs."""

from __future__ import annotations

import os

from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.models.store import ModelStore
from wyoming_voice_stack.server.assembly.asr import selected_model
from wyoming_voice_stack.server.assembly.default_voice import with_default_voice
from wyoming_voice_stack.server.assembly.references.model_references import (
    Weights,
    require_installed,
    weights_of,
)
from wyoming_voice_stack.server.assembly.tts import tts_weights


async def configured_weights(settings: Settings, store: ModelStore) -> dict[str, Weights]:
    """Return names and files for the server that SERVICE_MODE names, or of both servers if it is unset.

    Raises:
        ModelNotFound: a model does not exist, or the package that runs it is not installed.
        LicenceNotAccepted: the user has to accept a licence first.
    """
    found: dict[str, Weights] = {}
    if settings.service_mode != "tts":
        names = dict.fromkeys(selected_model(name, settings) for name in settings.asr_model)
        found |= {name: weights_of(name, store, environ=os.environ) for name in names}
    if settings.service_mode != "asr":
        spoken = settings.model_copy(update={"service_mode": "tts"})
        spoken = await with_default_voice(spoken)
        found[spoken.tts_model] = tts_weights(spoken, store)
    for weights in found.values():
        require_installed(weights)
    return found
