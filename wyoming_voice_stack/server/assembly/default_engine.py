"""Decides whether `TTS_MODEL=auto` is Kokoro instead of a Piper voice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from wyoming_voice_stack.config.settings import Settings
from wyoming_voice_stack.machine.hardware import available_cores, available_memory_bytes
from wyoming_voice_stack.machine.measured_speeds import MeasuredSpeeds
from wyoming_voice_stack.machine.processor import Processor, read_processor
from wyoming_voice_stack.models.fetch import downloads_are_forbidden
from wyoming_voice_stack.tts.engines.kokoro.files import KOKORO_HUB
from wyoming_voice_stack.tts.engines.kokoro.voices import MIX, PUBLISHED_VOICES
from wyoming_voice_stack.tts.engines.piper.engine import piper_hub_model

Measure: TypeAlias = Callable[[int], float | None]
"""Takes the number of cores; returns how many times faster than speech Kokoro is, or None if that fails."""

MIN_SPEED = 3.0
"""How many times faster than speech Kokoro has to be, so that there are no gaps while the machine does other
work, or speaks to two clients."""
MIN_CORES = 4
MIN_MEMORY_BYTES = 1024**3
SPEEDS_FILE = ".kokoro-speed.json"
"""Below MODELS_DIR."""

_ARCHITECTURE = "x86_64"
_FEATURES = frozenset({"avx2", "fma"})


def reason_for_piper(settings: Settings, piper_voice: str, measure: Measure | None) -> str | None:
    """Return why Kokoro is not used for English, as part of a sentence; None if it is used.

    `measure` is called once for a machine, and the result is remembered. Without it, nothing is measured.
    """
    models, processor, cores = settings.models_dir.expanduser(), read_processor(), available_cores()
    cores = min(cores, settings.tts_cpu_threads or cores)
    reason = _unwanted(settings) or _unfit(processor, cores) or _unavailable(models)
    if reason is not None:
        return reason
    speeds = MeasuredSpeeds(models / SPEEDS_FILE)
    machine = f"{processor.architecture} {processor.name}, {cores} cores"
    speed = speeds.of(machine)
    if speed is None:
        reason = _settled(models, piper_voice)
        if reason is not None or measure is None:
            return reason or "its speed has not been measured on this machine"
        measured = measure(cores)
        if measured is None:
            return "its speed cannot be measured on this machine"
        speed = round(measured, 1)
        speeds.remember(machine, speed)
    if speed < MIN_SPEED:
        return f"it would be {speed:.1f} times as fast as speech on this machine, less than {MIN_SPEED:g}"
    return None


def _unwanted(settings: Settings) -> str | None:
    voice = settings.tts_voice
    if voice and not {each.strip() for each in voice.split(MIX)} <= set(PUBLISHED_VOICES):
        return "TTS_VOICE is not one of its voices"
    return None


def _unfit(processor: Processor, cores: int) -> str | None:
    if processor.architecture != _ARCHITECTURE or not processor.features >= _FEATURES:
        return "it needs an x86-64 processor with AVX2"
    if cores < MIN_CORES:
        return f"it needs {MIN_CORES} cores, and this process may use {cores}"
    return None


def _unavailable(models: Path) -> str | None:
    if downloads_are_forbidden() and KOKORO_HUB.stored(models) is None:
        return "it is not in MODELS_DIR, and HF_HUB_OFFLINE forbids downloads"
    return None


def _settled(models: Path, piper_voice: str) -> str | None:
    """Return what speaks for Piper before the speed is known."""
    if piper_hub_model(piper_voice).stored(models) is not None:
        # A household's voice does not change by an update, and its name may be chosen in Home Assistant.
        return "the Piper voice is in MODELS_DIR already"
    if available_memory_bytes() < MIN_MEMORY_BYTES:
        return f"it needs {MIN_MEMORY_BYTES // 1024**2} MiB of free memory"
    return None
