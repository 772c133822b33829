"""Assembles the text-to-speech service from the settings."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import lru_cache

from wyoming_voice_stack.asr.vad.silero import SileroVad, vad_paths
from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.engine.idle_policy import IdlePolicy
from wyoming_voice_stack.engine.queue import Capacity
from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.errors import ConfigError, ModelNotFound, UnknownVoice
from wyoming_voice_stack.machine.memory import (
    freeze_after_load,
    keep_freed_memory,
    return_freed_memory,
    share_one_heap,
)
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.models.licence import AGREED_VARIABLE, XTTS_FAMILY
from wyoming_voice_stack.models.store import ModelStore, shown_name
from wyoming_voice_stack.server.assembly.language_settings import require_languages
from wyoming_voice_stack.server.assembly.references.model_references import (
    Weights,
    require_installed,
    weights_of,
)
from wyoming_voice_stack.tts.backend import SynthesisOptions
from wyoming_voice_stack.tts.engine import EngineCard, EngineSource, Voice
from wyoming_voice_stack.tts.engines.coqui.engine import CoquiSource
from wyoming_voice_stack.tts.engines.kokoro.engine import KokoroSource
from wyoming_voice_stack.tts.engines.kokoro.voices import voice_name
from wyoming_voice_stack.tts.engines.model_files import ModelFiles
from wyoming_voice_stack.tts.engines.piper.engine import PiperSource
from wyoming_voice_stack.tts.engines.xtts.engine import XttsSource
from wyoming_voice_stack.tts.engines.xtts.language_codes import language_advice
from wyoming_voice_stack.tts.engines.xtts.speakers import XTTS_V2_STUDIO_SPEAKERS
from wyoming_voice_stack.tts.service import TtsOptions, TtsService
from wyoming_voice_stack.tts.voices.catalogue import VoiceCatalogue, VoiceRequest
from wyoming_voice_stack.tts.voices.cloning.speech_detector import SpeechDetector

MAX_SENTENCES_AT_ONCE = 32
"""Threads that wait for the engine; an engine may take fewer sentences at a time."""
KEEP_MEMORY_SECONDS = 30.0
"""Freed memory is kept this long after the last sentence. To return it at once would delay audio that is still
being sent, and Piper, which keeps most, takes a quarter longer if it has to allocate the memory again."""
XTTS_V2 = f"{XTTS_FAMILY}xtts_v2"
SMALL_VOICE = "piper:en_US-lessac-low"
CLONED_VOICES_FOLDER = ".voices"
"""Cloned voices, below MODELS_DIR. Hidden, so that it is not listed as a model."""


def tts_service(settings: Settings, metrics: Metrics, store: ModelStore) -> TtsService:
    """Create the service without loading the model; see `assemble` for the errors."""
    detector = _speech_detector()
    weights = tts_weights(settings, store)
    weights.require_on_hub()
    if weights.engine == "kokoro" and settings.tts_voice is not None:
        settings = settings.model_copy(update={"tts_voice": voice_name(settings.tts_voice)})
    source = _tts_source(weights, settings, store, detector)
    worker = Worker(
        source.card().name,
        freeze_after_load(source.load),
        max_queued=settings.max_queued_requests or settings.max_connections,
        metrics=metrics,
        threads=MAX_SENTENCES_AT_ONCE,
        capacity=lambda engine: Capacity(engine.lanes),
        idle_policy=IdlePolicy(
            return_freed_memory,
            settings.idle_unload_seconds,
            clean_up_after_s=KEEP_MEMORY_SECONDS,
        ),
        memory_advice=f"set TTS_MODEL to a smaller voice, such as {SMALL_VOICE}",
    )
    options = TtsOptions(
        model=shown_name(weights.reference),
        voices_dir=settings.voices_dir,
        voice=settings.tts_voice,
        language=settings.tts_language,
        household=settings.tts_languages,
        speaking=SynthesisOptions(
            speed=settings.tts_speed,
            sentence_pause_ms=settings.tts_sentence_pause_ms,
            max_text_characters=settings.tts_max_text_characters,
            cache_bytes=settings.tts_cache_mb * 1_000_000,
            cache_clones=settings.tts_cache_cloned,
        ),
        detector=detector,
    )
    service = TtsService(source, worker, options, metrics)
    # The languages of a Coqui model are in its files.
    if weights.engine != "coqui" or weights.find() is not None:
        _check_languages(settings, weights, service.voices.card)
    _check_default_voice(service.voices.catalogue, weights)
    return service


def _check_languages(settings: Settings, weights: Weights, card: EngineCard) -> None:
    model, advice = f"model {weights.reference}", ""
    language = tuple(filter(None, [settings.tts_language]))
    if weights.engine == "xtts":
        advice = language_advice((*language, *settings.tts_languages))
    require_languages("TTS_LANGUAGE", language, card.languages, model, advice)
    require_languages("TTS_LANGUAGES", settings.tts_languages, card.languages, model, advice)


def _check_default_voice(catalogue: VoiceCatalogue, weights: Weights) -> None:
    """Check that TTS_VOICE exists, unless the model names its voices only once it is downloaded."""
    card = catalogue.card
    if not card.voices and weights.reference == XTTS_V2 and weights.find() is None:
        voices = tuple(Voice(name, card.languages) for name in XTTS_V2_STUDIO_SPEAKERS)
        catalogue = replace(catalogue, card=replace(card, voices=voices))
    if not catalogue.card.voices:
        return
    try:
        catalogue.select(VoiceRequest())
    except UnknownVoice as error:
        raise ConfigError(str(error)) from error


def _speech_detector() -> SpeechDetector | None:
    """Silero's network, loaded with the first recording; None if it is not installed."""
    try:
        vad_paths()
    except ModelNotFound:
        return None
    load = lru_cache(maxsize=1)(SileroVad.installed)
    return lambda samples: load().speech_probabilities(samples)


def tts_weights(settings: Settings, store: ModelStore) -> Weights:
    """Return the files of TTS_MODEL, which may not be downloaded yet.

    Raises:
        ModelNotFound: it does not exist, or the package that runs it is not installed.
        LicenceNotAccepted: the user has to accept a licence first.
    """
    agreed = {AGREED_VARIABLE: "1"} if settings.coqui_tos_agreed else {}
    environ = {**os.environ, **agreed}
    weights = weights_of(settings.tts_model, store, environ=environ, text_to_speech=True)
    require_installed(weights)
    return weights


def _tts_source(
    weights: Weights, settings: Settings, store: ModelStore, detector: SpeechDetector | None
) -> EngineSource:
    files = ModelFiles(weights.reference, weights.find, weights.locate)
    threads = settings.tts_cpu_threads or None
    if weights.engine == "piper":
        share_one_heap()
        keep_freed_memory()
        integers = settings.tts_precision in {"auto", "int8"}
        return PiperSource(files, threads=threads, integers=integers)
    if weights.engine == "kokoro":
        share_one_heap()
        keep_freed_memory()
        return KokoroSource(
            files,
            voice=_kokoro_voice(weights, settings),
            threads=threads,
            voices_cache=store.root / CLONED_VOICES_FOLDER,
        )
    if weights.engine == "xtts":
        return XttsSource(
            files,
            device=settings.tts_device,
            threads=threads,
            precision=settings.tts_precision,
            voices_cache=store.root / CLONED_VOICES_FOLDER,
            detector=detector,
        )
    return CoquiSource(files, device=settings.tts_device, threads=threads)


def _kokoro_voice(weights: Weights, settings: Settings) -> str | None:
    """The default voice, or the mixture that TTS_VOICE adds; None if TTS_VOICE names no voice."""
    files = ModelFiles(weights.reference, weights.find, weights.locate)
    try:
        card = KokoroSource(files, voice=settings.tts_voice).card()
    except UnknownVoice as error:
        raise ConfigError(f"TTS_VOICE: {error}") from error
    catalogue = VoiceCatalogue(
        card, {}, settings.tts_languages, settings.tts_voice, settings.tts_language
    )
    name, _ = catalogue.default
    return name if name in {voice.name for voice in card.voices} else None
