"""What a reply needs of the service that it is spoken by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from wyoming.tts import SynthesizeVoice

from wyoming_voice_stack.engine.worker import Worker
from wyoming_voice_stack.metrics import Metrics
from wyoming_voice_stack.tts.catalogue import Choice
from wyoming_voice_stack.tts.engine import EngineCard, SpeechSynthesizer
from wyoming_voice_stack.tts.voices.synthesis_cache import SynthesisCache


@dataclass(frozen=True)
class SynthesisOptions:
    """Settings of every reply."""

    speed: float = 1.0
    sentence_pause_ms: int = 250
    max_text_characters: int = 100_000
    cache_bytes: int = 0
    """Memory for sentences that were spoken before."""
    cache_clones: bool = False
    """Whether those of cloned voices are kept too."""


class TtsBackend(Protocol):
    """A service, as its sessions and replies see it."""

    @property
    def worker(self) -> Worker[SpeechSynthesizer]:
        """The engine and its queue."""
        ...

    @property
    def card(self) -> EngineCard:
        """What is known of the engine now."""
        ...

    @property
    def options(self) -> SynthesisOptions:
        """How this server speaks."""
        ...

    @property
    def synthesis_cache(self) -> SynthesisCache:
        """What was spoken before."""
        ...

    @property
    def metrics(self) -> Metrics:
        """Where answers are counted."""
        ...

    async def choose(self, voice: SynthesizeVoice | None) -> Choice:
        """Find the voice that a request names."""
        ...

    def max_characters(self, language: str) -> int:
        """How long a sentence in this language may be."""
        ...

    async def detect_language(self, text: str, languages: Sequence[str]) -> str:
        """Tell which of these languages the text is in."""
        ...
