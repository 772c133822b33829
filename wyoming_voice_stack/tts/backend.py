"""Settings, voices, cache and worker that all replies of one text-to-speech service share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.tts.engine import SpeechSynthesizer
from wyoming_voice_stack.tts.reply_places import ReplyPlaces
from wyoming_voice_stack.tts.scheduling.speech_rate import SpeechRate
from wyoming_voice_stack.tts.synthesis_cache import SynthesisCache
from wyoming_voice_stack.tts.text.language.detection_client import LanguageDetection
from wyoming_voice_stack.tts.text_turns import TextTurns
from wyoming_voice_stack.tts.voices.registry import VoiceRegistry


@dataclass(frozen=True)
class SynthesisOptions:
    """Settings that apply to every reply."""

    speed: float = 1.0
    sentence_pause_ms: int = 250
    max_text_characters: int = 100_000
    cache_bytes: int = 0
    """Memory for cached sentences."""
    cache_clones: bool = False
    """Whether sentences of cloned voices are cached too."""


@dataclass(frozen=True)
class TtsBackend:
    """The engine, the voices and the settings that replies work with."""

    worker: Worker[SpeechSynthesizer]
    voices: VoiceRegistry
    rate: SpeechRate
    places: ReplyPlaces
    synthesis_cache: SynthesisCache
    detection: LanguageDetection
    max_characters: Callable[[str], int]
    """Returns the longest sentence, in characters, that the engine takes in a language."""
    options: SynthesisOptions
    metrics: Metrics
    short_characters: int = 0
    """As in the engine's card."""
    text_turns: TextTurns = field(default_factory=TextTurns)
