"""From settings to a service: the one place that knows every engine and where weights are."""

from __future__ import annotations

import logging
import os
from functools import lru_cache, partial
from importlib.util import find_spec

from pydantic import SecretStr

from wyoming_voice_stack.app import RunningService
from wyoming_voice_stack.asr.catalogue import choose_model, model_languages, smaller_model
from wyoming_voice_stack.asr.engine import SpeechRecognizer, TranscriptionRequest
from wyoming_voice_stack.asr.house import HouseNames, house_access
from wyoming_voice_stack.asr.loading import thread_budget
from wyoming_voice_stack.asr.service import AsrEntry, AsrService, HearingOptions
from wyoming_voice_stack.asr.vad import SileroVad, default_vad_path
from wyoming_voice_stack.asr.whisper import WhisperRecognizer
from wyoming_voice_stack.config import Settings
from wyoming_voice_stack.core.metrics import Metrics
from wyoming_voice_stack.core.queue import Capacity
from wyoming_voice_stack.core.rest import Rest
from wyoming_voice_stack.core.worker import Worker
from wyoming_voice_stack.errors import ConfigError, ModelNotFound
from wyoming_voice_stack.hardware import (
    available_cores,
    available_memory_bytes,
    cuda_memory_bytes,
)
from wyoming_voice_stack.licence import AGREED_VARIABLE
from wyoming_voice_stack.memory import return_freed_memory, share_one_heap, trim_heap
from wyoming_voice_stack.models import ModelStore
from wyoming_voice_stack.processor import read_processor
from wyoming_voice_stack.supervisor import Supervisor, home_language
from wyoming_voice_stack.tts.cloning.speech import SpeechDetector
from wyoming_voice_stack.tts.coqui import CoquiSource
from wyoming_voice_stack.tts.engine import EngineSource
from wyoming_voice_stack.tts.piper import PiperSource
from wyoming_voice_stack.tts.service import TtsService, VoicingOptions
from wyoming_voice_stack.tts.usual_voices import usual_voice
from wyoming_voice_stack.tts.voicing import SpeakingOptions
from wyoming_voice_stack.tts.xtts.engine import XttsSource
from wyoming_voice_stack.weights import PIPER_SCHEME, require_installed, weights_of

_LOGGER = logging.getLogger(__name__)

MAX_SENTENCES_AT_ONCE = 16
"""Threads that wait for a voice's sound; an engine may take fewer sentences at a time."""
SMALL_VOICE = "piper:en_US-lessac-low"
_FALLBACK_LANGUAGE = "en"
CLONED_VOICES_FOLDER = ".voices"
"""Below MODELS_DIR: what models made of recordings. Hidden, so that it is not listed as a model."""


async def with_voice_of_the_house(settings: Settings) -> Settings:
    """Settle what `TTS_MODEL=auto` stands for: a Piper voice in the language of the house."""
    if settings.service_mode != "tts" or settings.tts_model != "auto":
        return settings
    language = next(iter((*filter(None, [settings.tts_language]), *settings.tts_languages)), None)
    token = _told(settings.supervisor_token)
    if language is None and token:
        language = await home_language(Supervisor(settings.supervisor_url, token))
    voice = usual_voice(language or _FALLBACK_LANGUAGE)
    if voice is None:
        voice = usual_voice(_FALLBACK_LANGUAGE)
        _LOGGER.warning(
            "Piper has no voice for %r, so the voice is English; name another one in TTS_MODEL, or"
            " take XTTS if it speaks that language.",
            language,
        )
    _LOGGER.info("TTS_MODEL=auto: %s, for %s", voice, language or "an unknown language")
    return settings.model_copy(update={"tts_model": f"{PIPER_SCHEME}{voice}"})


def assemble(settings: Settings, metrics: Metrics) -> RunningService:
    """Make the service that `settings.service_mode` names; nothing is loaded yet.

    Raises:
        ModelError: the model can never be had as configured, or its licence is not accepted.
        ConfigError: no mode is set.
    """
    store = ModelStore(settings.models_dir)
    if settings.service_mode == "asr":
        return _asr_service(settings, metrics, store)
    if settings.service_mode == "tts":
        return _tts_service(settings, metrics, store)
    raise ConfigError("SERVICE_MODE is not set; set it to asr or tts, or give --mode.")


def _asr_service(settings: Settings, metrics: Metrics, store: ModelStore) -> AsrService:
    share_one_heap()
    # A model that is named twice, or also chosen by `auto`, is one model.
    names = dict.fromkeys(_chosen(name, settings) for name in settings.asr_model)
    options = HearingOptions(
        language=settings.asr_language,
        household=settings.asr_languages,
        request=TranscriptionRequest(
            task=settings.asr_task, initial_prompt=settings.asr_initial_prompt
        ),
        endpoint_silence_s=settings.asr_endpoint_silence,
        partial_text=settings.asr_partial_text,
        max_utterance_s=settings.asr_max_utterance_seconds,
        device=settings.asr_device,
    )
    entries = [_asr_entry(name, settings, metrics, store) for name in names]
    return AsrService(entries, options, metrics, _house(settings))


def _house(settings: Settings) -> HouseNames | None:
    access = house_access(
        url=settings.hass_url,
        token=_told(settings.hass_token),
        supervisor_token=_told(settings.supervisor_token),
    )
    return HouseNames(access, refresh_s=settings.hass_refresh_seconds) if access else None


def _told(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _chosen(name: str, settings: Settings) -> str:
    if name != "auto":
        return name
    on_card = None if settings.asr_device == "cpu" else cuda_memory_bytes()
    device = "cpu" if on_card is None else "cuda"
    memory = available_memory_bytes() if on_card is None else on_card
    languages = settings.asr_languages or tuple(filter(None, (settings.asr_language,)))
    fast = read_processor().multiplies_integers_fast
    chosen = choose_model(device, memory, available_cores(), languages, fast_integers=fast)
    _LOGGER.info("ASR_MODEL=auto: %s, for %s with %d MB", chosen, device, memory // 10**6)
    return chosen


def _asr_entry(name: str, settings: Settings, metrics: Metrics, store: ModelStore) -> AsrEntry:
    weights = weights_of(name, store, environ=os.environ)
    require_installed(weights)

    def load() -> SpeechRecognizer:
        return WhisperRecognizer.load(
            weights.locate(),
            device=settings.asr_device,
            compute_type=settings.asr_compute_type,
            cpu_threads=settings.asr_cpu_threads,
            beam_size=settings.asr_beam_size,
            vad=SileroVad.load(default_vad_path()),
        )

    there, smaller = weights.find(), smaller_model(name)
    return AsrEntry(
        name=name,
        codes=model_languages(there if there is not None else name),
        worker=Worker(
            name,
            load,
            max_queued=settings.max_queued_requests,
            metrics=metrics,
            threads=thread_budget(settings.asr_cpu_threads),
            capacity=lambda engine: Capacity(engine.lanes, engine.batch_size),
            rest=Rest(trim_heap, settings.idle_unload_seconds),
            smaller=f"set ASR_MODEL to a smaller model, such as {smaller}" if smaller else "",
        ),
    )


def _tts_service(settings: Settings, metrics: Metrics, store: ModelStore) -> TtsService:
    detector = _speech_detector()
    source = _tts_source(settings, store, detector)
    worker = Worker(
        source.card().name,
        source.load,
        max_queued=settings.max_queued_requests,
        metrics=metrics,
        threads=MAX_SENTENCES_AT_ONCE,
        capacity=lambda engine: Capacity(engine.lanes),
        rest=Rest(return_freed_memory, settings.idle_unload_seconds),
        smaller=f"set TTS_MODEL to a smaller voice, such as {SMALL_VOICE}",
    )
    options = VoicingOptions(
        voices_dir=settings.voices_dir,
        voice=settings.tts_voice,
        language=settings.tts_language,
        household=settings.tts_languages,
        device=settings.tts_device,
        speaking=SpeakingOptions(
            speed=settings.tts_speed,
            sentence_pause_ms=settings.tts_sentence_pause_ms,
            max_text_characters=settings.tts_max_text_characters,
            cache_bytes=settings.tts_cache_mb * 1_000_000,
            cache_clones=settings.tts_cache_cloned,
        ),
        detector=detector,
    )
    return TtsService(source, worker, options, metrics)


def _speech_detector() -> SpeechDetector | None:
    """Silero's network if it is installed, loaded when the first recording comes."""
    try:
        path = default_vad_path()
    except ModelNotFound:
        return None
    if find_spec("onnxruntime") is None:
        return None
    load = lru_cache(maxsize=1)(SileroVad.load)
    return lambda samples: load(path).speech_probabilities(samples)


def _tts_source(
    settings: Settings, store: ModelStore, detector: SpeechDetector | None
) -> EngineSource:
    agreed = {AGREED_VARIABLE: "1"} if settings.coqui_tos_agreed else {}
    environ = {**os.environ, **agreed}
    weights = weights_of(settings.tts_model, store, environ=environ, text_to_speech=True)
    require_installed(weights)
    threads = settings.tts_cpu_threads or None
    if weights.engine == "piper":
        return PiperSource(
            weights.reference, find=weights.find, locate=weights.locate, threads=threads
        )
    make = (
        partial(
            XttsSource,
            precision=settings.tts_precision,
            voices_cache=store.root / CLONED_VOICES_FOLDER,
            detector=detector,
        )
        if weights.engine == "xtts"
        else CoquiSource
    )
    return make(
        weights.reference,
        find=weights.find,
        locate=weights.locate,
        device=settings.tts_device,
        threads=threads,
    )
