"""Builds the speech-to-text service from the settings."""

from __future__ import annotations

import itertools
import logging
import os
from collections.abc import Iterable, Sequence

from pydantic import SecretStr

from wyoming_voice_stack.asr.engine import RecognizerSource, TranscriptionRequest
from wyoming_voice_stack.asr.home_assistant import HomeAssistantNames, home_assistant_access
from wyoming_voice_stack.asr.onnx.catalogue import AUTO as ONNX_AUTO
from wyoming_voice_stack.asr.onnx.catalogue import (
    MIN_CORES,
    MIN_MEMORY_BYTES,
    choose_onnx_model,
    without_scheme,
)
from wyoming_voice_stack.asr.onnx.onnx_source import OnnxSource
from wyoming_voice_stack.asr.recorded_audio import AudioBudget, budget_bytes
from wyoming_voice_stack.asr.service import AsrEntry, AsrOptions, AsrService
from wyoming_voice_stack.asr.whisper.catalogue import choose_model, to_code
from wyoming_voice_stack.asr.whisper.placement import EXPRESS_LANES, thread_budget
from wyoming_voice_stack.asr.whisper.whisper_source import WhisperSource
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.engine.idle_policy import IdlePolicy
from wyoming_voice_stack.engine.queue import Capacity
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import ConfigError
from wyoming_voice_stack.machine.cuda_device import load_cublas
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
    Weights,
    require_installed,
    require_recognizer,
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
        name = shown_name(without_scheme(reference) or reference)
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
    """Return the model that `auto` or `onnx-asr:auto` selects for this machine, or another name unchanged."""
    if name.lower() == ONNX_AUTO:
        return _selected_onnx_model(settings)
    return _selected_whisper(settings) if name == "auto" else name


def _selected_onnx_model(settings: Settings) -> str:
    codes = tuple(filter(None, map(to_code, _household(settings))))
    memory, cores = available_memory_bytes(), available_cores()
    selected = choose_onnx_model(read_processor(), cores, memory, codes)
    if selected is None:
        _LOGGER.info(
            "ASR_MODEL=%s selects Whisper: Parakeet needs an x86-64 processor with AVX2, %d cores, %d MB"
            " of free memory, and ASR_LANGUAGE or ASR_LANGUAGES with European languages only.",
            ONNX_AUTO,
            MIN_CORES,
            MIN_MEMORY_BYTES // 10**6,
        )
        return _selected_whisper(settings)
    _LOGGER.info("ASR_MODEL=%s selects %s for %d MB", ONNX_AUTO, selected, memory // 10**6)
    return selected


def _selected_whisper(settings: Settings) -> str:
    on_gpu = None if settings.asr_device == "cpu" else cuda_memory_bytes()
    # A card without CUDA's library, as in the CPU image.
    if on_gpu is not None and not load_cublas():
        on_gpu = None
    device = "cpu" if on_gpu is None else "cuda"
    memory = available_memory_bytes() if on_gpu is None else on_gpu
    languages = _household(settings)
    fast = read_processor().multiplies_integers_fast
    selected = choose_model(device, memory, available_cores(), languages, fast_integers=fast)
    _LOGGER.info("ASR_MODEL=auto selects %s for %s with %d MB", selected, device, memory // 10**6)
    return selected


def _household(settings: Settings) -> tuple[str, ...]:
    return settings.asr_languages or tuple(filter(None, (settings.asr_language,)))


def _asr_entry(
    reference: str, name: str, settings: Settings, metrics: Metrics, store: ModelStore
) -> AsrEntry:
    weights = weights_of(reference, store, environ=os.environ)
    require_recognizer(reference, weights)
    require_installed(weights)
    weights.require_on_hub()
    source = _recognizer_source(weights, settings)
    if isinstance(source, OnnxSource):
        _check_task(settings, source, name)
    smaller = source.smaller
    return AsrEntry(
        name=name,
        reference=reference,
        codes=source.languages,
        translates=source.translates,
        family=source.family,
        worker=Worker(
            name,
            freeze_after_load(source.load),
            max_queued=settings.max_queued_requests or MAX_QUEUED_JOBS,
            metrics=metrics,
            threads=thread_budget(settings.asr_cpu_threads) + EXPRESS_LANES,
            capacity=lambda engine: Capacity(engine.lanes, engine.batch_size, engine.express_lanes),
            idle_policy=IdlePolicy(trim_heap, settings.idle_unload_seconds),
            memory_advice=f"set ASR_MODEL to a smaller model, such as {smaller}" if smaller else "",
        ),
    )


def _recognizer_source(weights: Weights, settings: Settings) -> RecognizerSource:
    if weights.engine == "onnx-asr":
        return OnnxSource(
            weights.reference,
            weights.find,
            weights.locate,
            device=settings.asr_device,
            threads=thread_budget(settings.asr_cpu_threads),
        )
    return WhisperSource(
        weights.reference,
        weights.find,
        weights.locate,
        device=settings.asr_device,
        compute_type=settings.asr_compute_type,
        cpu_threads=settings.asr_cpu_threads,
        beam_size=settings.asr_beam_size,
    )


def _check_task(settings: Settings, source: OnnxSource, name: str) -> None:
    """Check that a model beside Whisper can do ASR_TASK; an English Whisper transcribes whatever it is."""
    if settings.asr_task == "translate" and not source.translates:
        raise ConfigError(
            f"ASR_TASK=translate: model {name} does not translate; set ASR_TASK to transcribe, or"
            " ASR_MODEL to a multilingual Whisper model such as small."
        )


def _value(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
