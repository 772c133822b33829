"""Builds the speech-to-text service from the settings."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import SecretStr

from wyoming_voice_stack.asr.engine import SpeechRecognizer, TranscriptionRequest
from wyoming_voice_stack.asr.home_assistant import HomeAssistantNames, home_assistant_access
from wyoming_voice_stack.asr.recorded_audio import AudioBudget, budget_bytes
from wyoming_voice_stack.asr.service import AsrEntry, AsrOptions, AsrService
from wyoming_voice_stack.asr.vad.silero import SileroVad
from wyoming_voice_stack.asr.whisper.catalogue import choose_model, model_languages, smaller_model
from wyoming_voice_stack.asr.whisper.engine import WhisperRecognizer
from wyoming_voice_stack.asr.whisper.loading import EXPRESS_LANES, cuda_devices, thread_budget
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.engine.idle_policy import IdlePolicy
from wyoming_voice_stack.engine.queue import Capacity
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import ModelCorrupt
from wyoming_voice_stack.machine.cuda_device import load_cublas, missing_cublas, require_cuda_device
from wyoming_voice_stack.machine.hardware import (
    available_cores,
    available_memory_bytes,
    cuda_memory_bytes,
)
from wyoming_voice_stack.machine.memory import freeze_after_load, share_one_heap, trim_heap
from wyoming_voice_stack.machine.processor import read_processor
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.models.store import ModelStore, shown_name
from wyoming_voice_stack.server.assembly.language_settings import require_languages
from wyoming_voice_stack.server.assembly.references.model_references import (
    require_installed,
    require_whisper,
    weights_of,
)

_LOGGER = logging.getLogger(__name__)

MAX_QUEUED_JOBS = 10_000
"""Without MAX_QUEUED_REQUESTS, the expected wait limits the queue; each connection has few jobs in it."""


def asr_service(settings: Settings, metrics: Metrics, store: ModelStore) -> AsrService:
    """Build the service without loading a model. See `assemble`."""
    share_one_heap()
    # A model that is listed twice, or also selected by `auto`, is one model.
    names = dict.fromkeys(selected_model(name, settings) for name in settings.asr_model)
    options = AsrOptions(
        language=settings.asr_language,
        household=settings.asr_languages,
        request=TranscriptionRequest(
            task=settings.asr_task, initial_prompt=settings.asr_initial_prompt
        ),
        endpoint_silence_s=settings.asr_endpoint_silence,
        partial_text=settings.asr_partial_text,
        max_utterance_s=settings.asr_max_utterance_seconds,
    )
    entries = [
        _asr_entry(reference, shown, settings, metrics, store)
        for reference, shown in shown_names(names).items()
    ]
    _check_languages(settings, entries)
    audio_budget = AudioBudget(budget_bytes(available_memory_bytes()))
    return AsrService(entries, options, metrics, _home_assistant_names(settings), audio_budget)


def _check_languages(settings: Settings, entries: Sequence[AsrEntry]) -> None:
    """Check that the default model supports ASR_LANGUAGE, and some model each of ASR_LANGUAGES."""
    default = entries[0]
    language = filter(None, [settings.asr_language])
    require_languages("ASR_LANGUAGE", language, default.tags, f"model {default.name}")
    supported = dict.fromkeys(tag for entry in entries for tag in entry.tags)
    names = ", ".join(entry.name for entry in entries)
    require_languages("ASR_LANGUAGES", settings.asr_languages, supported, f"model {names}")


def shown_names(references: Iterable[str]) -> dict[str, str]:
    """Return each model's name for clients; of models with the same name, all but the first get a number."""
    shown: dict[str, str] = {}
    for reference in references:
        name = shown_name(reference)
        alternatives = (f"{name}-{number}" for number in itertools.count(2))
        taken = set(shown.values())
        shown[reference] = next(
            each for each in itertools.chain((name,), alternatives) if each not in taken
        )
    return shown


def _home_assistant_names(settings: Settings) -> HomeAssistantNames | None:
    access = home_assistant_access(
        url=settings.hass_url,
        token=_value(settings.hass_token),
        supervisor_token=_value(settings.supervisor_token),
    )
    return HomeAssistantNames(access, refresh_s=settings.hass_refresh_seconds) if access else None


def selected_model(name: str, settings: Settings) -> str:
    """Return the model that `auto` selects for this machine, or another name unchanged."""
    if name != "auto":
        return name
    on_gpu = None if settings.asr_device == "cpu" else cuda_memory_bytes()
    # A card without CUDA's library, as in the CPU image.
    if on_gpu is not None and not load_cublas():
        on_gpu = None
    device = "cpu" if on_gpu is None else "cuda"
    memory = available_memory_bytes() if on_gpu is None else on_gpu
    languages = settings.asr_languages or tuple(filter(None, (settings.asr_language,)))
    fast = read_processor().multiplies_integers_fast
    selected = choose_model(device, memory, available_cores(), languages, fast_integers=fast)
    _LOGGER.info("ASR_MODEL=auto selects %s for %s with %d MB", selected, device, memory // 10**6)
    return selected


def _asr_entry(
    reference: str, name: str, settings: Settings, metrics: Metrics, store: ModelStore
) -> AsrEntry:
    weights = weights_of(reference, store, environ=os.environ)
    require_whisper(reference, weights)
    require_installed(weights)
    weights.require_on_hub()

    def load() -> SpeechRecognizer:
        require_cuda_device("ASR_DEVICE", settings.asr_device, cuda_devices, missing_cublas)
        return WhisperRecognizer.load(
            weights.locate(),
            device=settings.asr_device,
            compute_type=settings.asr_compute_type,
            cpu_threads=settings.asr_cpu_threads,
            beam_size=settings.asr_beam_size,
            vad=SileroVad.installed(),
        )

    local, smaller = weights.find(), smaller_model(reference)
    return AsrEntry(
        name=name,
        reference=reference,
        codes=_languages(local, reference),
        worker=Worker(
            name,
            freeze_after_load(load),
            max_queued=settings.max_queued_requests or MAX_QUEUED_JOBS,
            metrics=metrics,
            threads=thread_budget(settings.asr_cpu_threads) + EXPRESS_LANES,
            capacity=lambda engine: Capacity(engine.lanes, engine.batch_size, engine.express_lanes),
            idle_policy=IdlePolicy(trim_heap, settings.idle_unload_seconds),
            memory_advice=f"set ASR_MODEL to a smaller model, such as {smaller}" if smaller else "",
        ),
    )


def _languages(folder: Path | None, reference: str) -> tuple[str, ...]:
    try:
        return model_languages(reference if folder is None else folder)
    except ModelCorrupt:
        # Like other damage, it is reported by the attempt to load the model.
        return model_languages(reference)


def _value(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
